import { randomBytes, randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { Scope } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { openFeed } from '../../../testing/openFeed.ts';

const logsRetention = { maxAgeMs: 86_400_000, maxBytes: 67_108_864 };
const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
/** Followers see nothing but what they are told of. */
const limits = { untoldLinesMs: 3_600_000 };
const { api } = useStage({ auth: { open: false }, log: { logsRetention, masterKeys }, limits });

interface Lines {
  readonly items: readonly { readonly message: string }[];
  readonly nextCursor: string | null;
}

async function keyWith(scopes: readonly Scope[], tenant: string | null = null): Promise<Record<string, string>> {
  const { text } = await api.keys.create({ name: scopes.join(' '), scopes, tenant, expiresAt: null });
  return { authorization: `Bearer ${text}` };
}

/** A job whose first attempt runs, and what its worker does. */
async function runningJob(tenant: string | null = null) {
  const writer = await keyWith(['jobs:write'], tenant);
  const { id } = (await (await api.post('/api/jobs', { type: 'email' }, writer)).json()) as { id: string };
  let runId = randomUUID();
  const append = async (event: string, data: object, { eventId = randomUUID(), at = Date.now() } = {}) => {
    const { job, sequence = 0 } = (await api.log.readJob(id)) ?? {};
    const version = (job?.version ?? 0) + 1;
    const envelope = { v: 1, id: eventId, jobId: id, jobType: 'email', version, at: new Date(at).toISOString() };
    const owner = tenant === null ? {} : { tenant };
    await api.log.append(
      { ...envelope, ...owner, actor: { kind: 'worker', id: 'w' }, event, data } as unknown as JobEvent,
      sequence,
    );
  };
  let chunk = 0;
  const write = (messages: readonly string[], end = false, again = false) => {
    const time = Date.now();
    if (again) chunk -= 1;
    const lines = messages.map((message) => JSON.stringify({ time, level: 'info', message })).join('\n');
    const { promise, resolve } = Promise.withResolvers<string>();
    const stored = { jobId: id, attempt: 1, runId, chunk: chunk++, end, sealed: false, lines };
    api.log.attemptLogs.append([{ chunk: stored }], (_parcel, outcome) => resolve(outcome));
    return promise;
  };
  const begin = (event: 'JobStarted' | 'JobResumed') => {
    [runId, chunk] = [randomUUID(), 0];
    return append(event, { attempt: 1, worker: 'w' }, { eventId: runId });
  };
  const start = () => begin('JobStarted');
  const resume = () => begin('JobResumed');
  await start();
  return { id, path: `/api/jobs/${id}/attempts/1/logs`, write, append, start, resume, runId: () => runId };
}

test('lines are answered in pages, oldest first', async () => {
  const { path, write, ...job } = await runningJob();
  const runId = job.runId();
  expect(await write(['a', 'b', 'c'])).toBe('stored');
  await write(['d']);
  const headers = await keyWith(['jobs:debug']);
  const first = await api.fetch(`${path}?limit=2`, { headers });
  const page = (await first.json()) as Lines;
  expect(page.items).toEqual([
    { time: expect.any(String) as string, level: 'info', message: 'a', runId },
    { time: expect.any(String) as string, level: 'info', message: 'b', runId },
  ]);
  const next = /^<([^>]*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  const second = (await (await api.fetch(next, { headers })).json()) as Lines;
  expect(second).toMatchObject({ items: [{ message: 'c' }, { message: 'd' }], nextCursor: null });
  const other = await api.fetch(path.replace('/1/', '/2/'), { headers });
  expect(await other.json()).toEqual({ items: [], nextCursor: null });
});

test('a follower receives lines as they are written, until the attempt is over', async () => {
  const { path, write, append } = await runningJob();
  await write(['a']);
  using feed = await openFeed(api.url + path, await keyWith(['jobs:debug']));
  await feed.received(1);
  await write(['b']);
  await feed.received(2);
  await append('JobCompleted', { attempt: 1, durationMs: 1 });
  await write(['c'], true);
  expect(await feed.ended).toBe('end');
  expect(feed.events.map(({ data }) => data['message'])).toEqual(['a', 'b', 'c']);
  const resumed = { ...(await keyWith(['jobs:debug'])), accept: 'text/event-stream' };
  const all = await api.fetch(path, { headers: { ...resumed, 'last-event-id': feed.lastEventId ?? '' } });
  expect(all.status).toBe(204);
  const from = await openFeed(api.url + path, { ...resumed, 'last-event-id': String(feed.events[0]?.id) });
  expect(await from.ended).toBe('end');
  expect(from.events.map(({ data }) => data['message'])).toEqual(['b', 'c']);
});

test('a follower that has all lines already is told when the attempt is over', async () => {
  const { path, write, append } = await runningJob();
  await write(['a'], true);
  using feed = await openFeed(api.url + path, await keyWith(['jobs:debug']));
  await feed.received(1);
  await append('JobCompleted', { attempt: 1, durationMs: 1 });
  expect(await feed.ended).toBe('end');
});

test('a follower of an attempt with several runs receives the last lines of the last one, and none twice', async () => {
  const { path, write, append, start } = await runningJob();
  await write(['a'], true);
  await append('JobReleased', { attempt: 1, reason: 'shutdown' });
  await start();
  await write(['b']);
  await append('JobCompleted', { attempt: 1, durationMs: 1 });
  using feed = await openFeed(api.url + path, await keyWith(['jobs:debug']));
  await feed.received(2);
  await write(['b'], false, true);
  await write(['c'], true);
  expect(await feed.ended).toBe('end');
  expect(feed.events.map(({ data }) => data['message'])).toEqual(['a', 'b', 'c']);
});

test('a follower of an attempt that waits receives what the next run of it writes', async () => {
  const { path, write, append, resume } = await runningJob();
  await append('JobSuspended', { attempt: 1, until: new Date().toISOString(), ranMs: 1 });
  using feed = await openFeed(api.url + path, await keyWith(['jobs:debug']));
  await write(['a'], true);
  await feed.received(1);
  await resume();
  await append('JobCompleted', { attempt: 1, durationMs: 1 });
  await write(['b']);
  await feed.received(2);
  await write(['c'], true);
  expect(await feed.ended).toBe('end');
  expect(feed.events.map(({ data }) => data['message'])).toEqual(['a', 'b', 'c']);
});

test('a follower of an attempt that has logged nothing is told when it is over', async () => {
  const { path, append } = await runningJob();
  const headers = { ...(await keyWith(['jobs:debug'])), accept: 'text/event-stream' };
  await append('JobCompleted', { attempt: 1, durationMs: 1 }, { at: Date.now() - 3_600_000 });
  expect((await api.fetch(path, { headers })).status).toBe(204);
});

test('lines of another tenant’s job are not there, and reading jobs is not enough to read their logs', async () => {
  const { path, write } = await runningJob('acme');
  await write(['secret of acme']);
  const answer = async (headers: Record<string, string>) => {
    const response = await api.fetch(path, { headers });
    return { status: response.status, text: await response.text() };
  };
  await eventually(async () => expect((await answer(await keyWith(['jobs:debug'], 'acme'))).text).toContain('of acme'));
  const foreign = await answer(await keyWith(['jobs:debug'], 'globex'));
  expect(foreign).toMatchObject({ status: 404, text: expect.not.stringContaining('acme') as string });
  const stream = { ...(await keyWith(['jobs:debug'], 'globex')), accept: 'text/event-stream' };
  expect((await answer(stream)).status).toBe(404);
  expect((await answer(await keyWith(['jobs:read', 'jobs:write'], 'acme'))).status).toBe(403);
});

test('once the payload of a job is erased, a sentence is answered in the place of its lines', async () => {
  const { id, path, write, append } = await runningJob();
  await write(['the number of the card'], true);
  await append('JobCompleted', { attempt: 1, durationMs: 1 });
  const headers = await keyWith(['jobs:debug', 'admin']);
  const linesOf = async () => (await (await api.fetch(path, { headers })).json()) as Lines;
  expect(await linesOf()).toMatchObject({ items: [{ message: 'the number of the card' }] });
  expect((await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE', headers })).ok).toBe(true);
  const message = 'the lines of this run were erased with the payload of their job';
  expect(await linesOf()).toMatchObject({ items: [{ level: 'warn', message }], nextCursor: null });
});

test.each(['0', 'x', '-1', '1.5', '10000000'])('the attempt %s is refused', async (attempt) => {
  const { path } = await runningJob();
  const response = await api.fetch(path.replace('/1/', `/${attempt}/`), { headers: await keyWith(['jobs:debug']) });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ parameter: 'attempt' }] });
});
