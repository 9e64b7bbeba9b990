import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { tenantCaller, type Call } from '../../../testing/tenantCaller.ts';

const stage = useStage({ auth: { open: false } });
const { api } = stage;
const acme = tenantCaller(api, 'acme');
const globex = tenantCaller(api, 'globex');
const operator = tenantCaller(api, null);

const json = async <Body>(response: Promise<Response>) => (await (await response).json()) as Body;
const statusOf = async (response: Promise<Response>) => (await response).status;

async function endedJob(call: Call): Promise<string> {
  const { id } = await json<{ id: string }>(call('POST /api/jobs', { type: 'email' }));
  await call(`POST /api/jobs/${id}/cancel`);
  await projectAll(api.log, stage.databaseUrl);
  return id;
}

interface Replay {
  readonly id: string;
  readonly total: number;
  readonly tenant?: string;
}

const replay = (call: Call, headers?: Record<string, string>) =>
  json<Replay>(call('POST /api/jobs/replay', { filter: { type: 'email', status: 'cancelled' } }, headers));

const idsSeenBy = async (call: Call) =>
  (await json<{ items: Replay[] }>(call('GET /api/operations'))).items.map(({ id }) => id);

test('a tenant replays its own jobs alone, as its own', async () => {
  const [ours] = [await endedJob(acme), await endedJob(globex), await endedJob(operator)];
  const { id, total, tenant } = await replay(acme);
  expect({ total, tenant }).toEqual({ total: 1, tenant: 'acme' });
  const jobs = () => json<{ items: { id: string; newJobId?: string }[] }>(acme(`GET /api/operations/${id}/jobs`));
  await eventually(async () => expect((await jobs()).items[0]?.newJobId).toBeDefined());
  const [job] = (await jobs()).items;
  expect(job?.id).toBe(ours);
  expect((await api.log.readJob(job?.newJobId ?? ''))?.job.tenant).toBe('acme');
});

test('the operations of others are invisible to a tenant, and all are seen without one', async () => {
  await endedJob(globex);
  const { id } = await replay(globex);
  const paths = [`GET /api/operations/${id}`, `GET /api/operations/${id}/jobs`];
  const changes = ['pause', 'resume', 'cancel'].map((step) => `POST /api/operations/${id}/${step}`);
  for (const call of [...paths, ...changes]) expect([call, await statusOf(acme(call))]).toEqual([call, 404]);
  expect(await idsSeenBy(acme)).not.toContain(id);
  expect(await idsSeenBy(globex)).toContain(id);
  expect(await idsSeenBy(operator)).toContain(id);
});

test('the same idempotency key of two tenants makes two operations', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const [one, other, again] = [await replay(acme, key), await replay(globex, key), await replay(acme, key)];
  expect(other.id).not.toBe(one.id);
  expect(again.id).toBe(one.id);
});

test('a caller who may only write sees no payload in a dry run, and none of what a patch replaces', async () => {
  const key = await api.keys.create({ name: 'writer', scopes: ['jobs:write'], tenant: 'acme', expiresAt: null });
  const headers = { authorization: `Bearer ${key.text}` };
  await endedJob(acme);
  const body = { kind: 'replay', filter: { type: 'email', status: 'cancelled' }, patch: { to: 'x' } };
  const dry = { ...body, dryRun: true };
  expect(await statusOf(api.post('/api/operations', dry, headers))).toBe(200);
  expect(await statusOf(api.post('/api/operations', { ...dry, sample: 0 }, headers))).toBe(403);
  const { id } = await json<Replay>(api.post('/api/operations', { ...body, paused: true }, headers));
  const replaced = `/api/operations/${id}/replaced`;
  expect(await statusOf(api.fetch(replaced, { headers }))).toBe(403);
  expect([await statusOf(acme(`GET ${replaced}`)), await statusOf(globex(`GET ${replaced}`))]).toEqual([200, 404]);
});
