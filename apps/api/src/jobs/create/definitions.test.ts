import { defaultBackoff } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { failJob } from '../../../testing/failJob.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;
const builtIn = { maxAttempts: 5, backoff: defaultBackoff, timeoutMs: 3_600_000 };
const defaults = { maxAttempts: 4, backoff: { type: 'fixed', delayMs: 50 }, timeoutMs: 60_000 } as const;
const all = ['maxAttempts', 'backoff', 'timeoutMs'];

let count = 0;
let type: string;

beforeEach(() => {
  type = `report-${++count}`;
});

type Body = Readonly<Record<string, unknown>> & { readonly id: string };

async function create(body: object = {}, headers?: Record<string, string>, of = api): Promise<Body> {
  const response = await of.post('/api/jobs', { type, ...body }, headers);
  expect([200, 201]).toContain(response.status);
  return (await response.json()) as Body;
}

const jobOf = async ({ id }: { readonly id: string }, of = api) =>
  (await (await of.fetch(`/api/jobs/${id}`)).json()) as Body;

async function creationOf({ id }: { readonly id: string }): Promise<Readonly<Record<string, unknown>>> {
  const { items } = (await (await api.fetch(`/api/jobs/${id}/events`)).json()) as { items: { data: object }[] };
  return { ...items.at(-1)?.data };
}

test('a job whose creator says nothing gets the settings of its definition, and says from where', async () => {
  const { worker } = await announceWorker(api, { type, defaults });
  const job = await create();
  const expected = { ...defaults, byDefinition: { settings: all, worker } };
  expect(await jobOf(job)).toMatchObject(expected);
  expect(await creationOf(job)).toMatchObject(expected);
});

test("the creator's word wins, for each setting by itself; a backoff is completed by the defaults of all jobs", async () => {
  const { worker } = await announceWorker(api, { type, defaults: { ...defaults, backoff: { type: 'fixed' } } });
  expect(await jobOf(await create({ maxAttempts: 2, backoff: { type: 'exponential' } }))).toMatchObject({
    maxAttempts: 2,
    backoff: defaultBackoff,
    timeoutMs: 60_000,
    byDefinition: { settings: ['timeoutMs'], worker },
  });
  expect(await jobOf(await create())).toMatchObject({ backoff: { type: 'fixed', delayMs: 1_000 } });
});

test('the event of a job whose creator says everything, or whose type has no settings, is as without definitions', async () => {
  await using _silent = await announceWorker(api, { type, defaults: {} });
  const plain = { payload: null, ...builtIn, tags: [] };
  expect(await creationOf(await create())).toEqual(plain);
  type = `${type}-defined`;
  await using _defined = await announceWorker(api, { type, defaults });
  expect(await creationOf(await create(builtIn))).toEqual(plain);
});

test('the jobs of a batch and of an import get it, each by its own type', async () => {
  await announceWorker(api, { type, defaults });
  const jobs = [{ type }, { type: `${type}-other` }, { type, maxAttempts: 1 }];
  const batch = (await (await api.post('/api/jobs/batch', { jobs })).json()) as { jobs: Body[] };
  const lines = jobs.map((job) => JSON.stringify(job)).join('\n');
  const imported = await api.post('/api/jobs/import', lines, { 'content-type': 'application/x-ndjson' });
  const outcomes = (await imported.text()).split('\n').slice(0, 3);
  for (const created of [batch.jobs, outcomes.map((line) => JSON.parse(line) as Body)]) {
    const [first, other, last] = await Promise.all(created.map((one) => jobOf(one)));
    expect(first).toMatchObject({ maxAttempts: 4, byDefinition: { settings: all } });
    expect(other).toMatchObject(builtIn);
    expect(other).not.toHaveProperty('byDefinition');
    expect(last).toMatchObject({ maxAttempts: 1, byDefinition: { settings: ['backoff', 'timeoutMs'] } });
  }
});

test('a repeated request finds its job, though the definition has changed in between', async () => {
  await announceWorker(api, { type, defaults, startedAt: '2026-01-01T00:00:00Z' });
  const key = { 'idempotency-key': type };
  const jobs = { jobs: [{ type }] };
  const first = await create({}, key);
  const batch: unknown = await (await api.post('/api/jobs/batch', jobs, key)).json();
  await announceWorker(api, { type, defaults: { maxAttempts: 9 } });
  expect(await create({}, key)).toMatchObject({ id: first.id });
  expect(await jobOf(first)).toMatchObject({ maxAttempts: 4 });
  expect(await (await api.post('/api/jobs/batch', jobs, key)).json()).toEqual(batch);
  expect((await api.post('/api/jobs', { type, maxAttempts: 4 }, key)).status).toBe(422);
});

test('a rerun has the settings of the job that it repeats', async () => {
  await announceWorker(api, { type, defaults: { maxAttempts: 1 }, startedAt: '2026-01-01T00:00:00Z' });
  const id = await failJob(api, { type, message: 'no paper' });
  await announceWorker(api, { type, defaults: { maxAttempts: 9 } });
  const rerun = (await (await api.post(`/api/jobs/${id}/rerun`)).json()) as Body;
  expect(await jobOf(rerun)).toMatchObject({ maxAttempts: 1, rerunOf: id });
  expect(await jobOf(rerun)).not.toHaveProperty('byDefinition');
});

test('a definition holds when its worker is gone, for an API that starts later too, until the type is removed', async () => {
  await using worker = await announceWorker(api, { type, defaults });
  await worker[Symbol.asyncDispose]();
  expect(await jobOf(await create())).toMatchObject(defaults);
  await using later = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
  await eventually(async () => expect(await jobOf(await create({}, {}, later), later)).toMatchObject(defaults));
  expect((await api.fetch(`/api/types/${type}`, { method: 'DELETE' })).status).toBe(204);
  expect(await jobOf(await create())).toMatchObject(builtIn);
});

test('jobs are created with the defaults of all jobs while the announcements cannot be read', async () => {
  const denied = 'permissions: { publish: { deny: ["$JS.API.CONSUMER.CREATE.TYPES.>"] } }';
  const users = `[{ user: api, password: p }, { user: blind, password: p, ${denied} }]`;
  await using nats = await startNats({ extraConfig: `authorization { users: ${users} }` });
  const servers = { natsUrl: nats.url, databaseUrl: stage.databaseUrl };
  await using first = await startApi({ ...servers, log: { user: 'api', password: 'p' } });
  await announceWorker(first, { type, defaults });
  expect(await jobOf(await create({}, {}, first), first)).toMatchObject(defaults);
  await using blind = await startApi({ ...servers, log: { user: 'blind', password: 'p' } });
  expect(await jobOf(await create({}, {}, blind), blind)).toMatchObject(builtIn);
});
