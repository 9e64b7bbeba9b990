import { randomBytes } from 'node:crypto';
import type { Scope } from '@jobstream/readmodel';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { failJob } from '../../../testing/failJob.ts';
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
  const { text: key } = await api.keys.create({ name: 'writer', scopes: ['jobs:write'], tenant, expiresAt: null });
  return failJob(api, { type: 'email', key, message: 'no such mailbox', code: '550', stack: STACK });
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
