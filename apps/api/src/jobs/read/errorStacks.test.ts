import { randomBytes, randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { Scope } from '@jobstream/readmodel';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { openFeed } from '../../../testing/openFeed.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage({ auth: { open: false }, log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;
const STACK = 'SmtpError: no such mailbox\n    at deliver (/srv/mail.js:7:3)';

interface Shown {
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string; readonly stack?: string };
}

async function keyWith(scopes: readonly Scope[], tenant: string | null = null): Promise<Record<string, string>> {
  const { text } = await api.keys.create({ name: scopes.join(' '), scopes, tenant, expiresAt: null });
  return { authorization: `Bearer ${text}` };
}

async function failedJob(tenant: string | null = null): Promise<string> {
  const writer = await keyWith(['jobs:write'], tenant);
  const { id } = (await (await api.post('/api/jobs', { type: 'email' }, writer)).json()) as { id: string };
  const at = new Date().toISOString();
  const owner = tenant === null ? {} : { tenant };
  const common = { v: 1, jobId: id, jobType: 'email', at, actor: { kind: 'worker', id: 'w' }, ...owner } as const;
  const error = { name: 'SmtpError', message: 'no such mailbox', code: '550', stack: STACK };
  const events: JobEvent[] = [
    { ...common, id: randomUUID(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'w' } },
    {
      ...common,
      id: randomUUID(),
      version: 3,
      event: 'JobFailed',
      data: { attempt: 1, error, reason: 'unrecoverable' },
    },
  ];
  let sequence = (await api.log.readJob(id))?.sequence ?? 0;
  for (const event of events) sequence = await api.log.append(event, sequence);
  return id;
}

const json = async <Body>(path: string, headers: Record<string, string>) =>
  (await (await api.fetch(path, { headers })).json()) as Body;
const ofJob = async (id: string, key: Record<string, string>) => (await json<Shown>(`/api/jobs/${id}`, key)).error;

async function ofHistory(id: string, key: Record<string, string>): Promise<Shown['error']> {
  const { items } = await json<{ items: { data: Shown }[] }>(`/api/jobs/${id}/events`, key);
  return items.at(-1)?.data.error;
}

async function ofCloudEvents(id: string, key: Record<string, string>): Promise<Shown['error']> {
  const accept = { ...key, accept: 'application/cloudevents-batch+json' };
  return (await json<{ data: Shown }[]>(`/api/jobs/${id}/events`, accept)).at(-1)?.data.error;
}

async function ofFeed(path: string, count: number, key: Record<string, string>): Promise<Shown['error']> {
  using feed = await openFeed(api.url + path, key);
  return ((await feed.received(count)).at(-1)?.data as { data: Shown } | undefined)?.data.error;
}

const withStack = { name: 'SmtpError', message: 'no such mailbox', code: '550', stack: STACK };
const { stack: _stack, ...withoutStack } = withStack;

describe.each([
  { scopes: ['jobs:read'] as const, shown: withoutStack },
  { scopes: ['jobs:read', 'jobs:write', 'schedules:write'] as const, shown: withoutStack },
  { scopes: ['jobs:read', 'jobs:debug'] as const, shown: withStack },
  { scopes: ['admin'] as const, shown: withStack },
])('a caller with $scopes', ({ scopes, shown }) => {
  test('sees in a job, its history and both feeds of errors what the scopes allow', async () => {
    const [id, key] = [await failedJob(), await keyWith(scopes)];
    expect(await ofJob(id, key)).toEqual(shown);
    await projectAll(api.log, stage.databaseUrl);
    expect(await ofJob(id, key)).toEqual(shown);
    expect(await ofHistory(id, key)).toEqual(shown);
    expect(await ofCloudEvents(id, key)).toEqual(shown);
    expect(await ofFeed(`/api/jobs/${id}/events`, 3, key)).toEqual(shown);
    const end = await api.log.lastSequence();
    expect(await ofFeed(`/api/events?after=${end - 3}`, 3, key)).toEqual(shown);
  });

  test('sees no stack in a list', async () => {
    await failedJob();
    await projectAll(api.log, stage.databaseUrl);
    const { items } = await json<{ items: Shown[] }>('/api/jobs?status=failed', await keyWith(scopes));
    expect(items[0]?.error).toEqual(withoutStack);
  });
});

test('the scope opens no job of another tenant', async () => {
  const id = await failedJob('acme');
  const [own, other] = [await keyWith(['admin'], 'acme'), await keyWith(['admin'], 'globex')];
  expect(await ofJob(id, own)).toEqual(withStack);
  expect((await api.fetch(`/api/jobs/${id}`, { headers: other })).status).toBe(404);
});

test('the stack is erased with the payload', async () => {
  const [id, key] = [await failedJob(), await keyWith(['admin'])];
  await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE', headers: key });
  const shredded = { ...withoutStack, message: 'shredded' };
  expect(await ofJob(id, key)).toEqual(shredded);
  expect(await ofHistory(id, key)).toEqual(shredded);
});
