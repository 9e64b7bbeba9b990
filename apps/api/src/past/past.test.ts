import { randomBytes } from 'node:crypto';
import { decide, isRejection, type JobCommand } from '@jobstream/domain';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { followPast } from '../../testing/followPast.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;

interface Answer {
  readonly items: readonly { readonly id: string; readonly status: string; readonly [field: string]: unknown }[];
  readonly nextCursor: string | null;
  readonly total?: number;
  readonly jobs: { readonly byType: Readonly<Record<string, object>>; readonly total: number };
  readonly asOf: { readonly sequence: number; readonly earliest: string };
  readonly errors: readonly { readonly parameter: string; readonly detail: string }[];
}

async function ask(path: string, as?: string): Promise<{ status: number; body: Answer }> {
  const response = await api.fetch(path, as === undefined ? {} : { headers: { authorization: `Bearer ${as}` } });
  return { status: response.status, body: (await response.json()) as Answer };
}

async function newJob(type: string, body: object = {}, as?: string): Promise<string> {
  const headers = as === undefined ? {} : { authorization: `Bearer ${as}` };
  const response = await api.post('/api/jobs', { type, payload: { to: 'user@example.com' }, ...body }, headers);
  return ((await response.json()) as { id: string }).id;
}

type Fields<Command> = Command extends JobCommand ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

/** Does to a job what a worker does. */
async function act(id: string, command: Fields<JobCommand>): Promise<void> {
  const snapshot = await api.log.readJob(id);
  const actor = { kind: 'worker', id: 'worker-1' } as const;
  const decision = decide(
    { eventId: crypto.randomUUID(), at: new Date().toISOString(), actor, ...command },
    snapshot?.job,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  await api.log.append(decision, snapshot?.sequence ?? 0);
}

const start = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const complete = { kind: 'CompleteAttempt', attempt: 1, result: { sent: true }, durationMs: 5 } as const;

/** The sequence of the last event, and when the server stored it. */
async function here(): Promise<{ sequence: number; time: string }> {
  const sequence = await api.log.lastSequence();
  const [last] = await api.log.messages.from(sequence, { count: 1 });
  return { sequence, time: last?.recordedAt ?? '' };
}

/** Waits until the next event has another time than the last one. */
async function nextMillisecond(): Promise<void> {
  const { time } = await here();
  while (api.log.clock.now() <= Date.parse(time) + 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('jobs of three moments', () => {
  /** A type of its own for each test; after each moment. */
  let type: string;
  let old: string;
  let early: string;
  let late: string;
  let moments: { sequence: number; time: string }[];

  beforeEach(async () => {
    type = `t-${crypto.randomUUID()}`;
    old = await newJob(type, { tags: ['a', 'b'] });
    moments = [await here()];
    await nextMillisecond();
    early = await newJob(type, { tags: ['b'] });
    await act(old, start);
    await act(old, { kind: 'ReportProgress', attempt: 1, percent: 50 });
    moments.push(await here());
    await nextMillisecond();
    late = await newJob(type);
    await act(old, complete);
    moments.push(await here());
    await followPast(api.log, stage.databaseUrl);
  });

  test.each(['time', 'sequence'] as const)('are listed as they were, newest first, by %s', async (by) => {
    const listed = async (index: number) => {
      const moment = moments[index];
      const { body } = await ask(`/api/jobs?type=${type}&asOf=${moment?.[by]}`);
      expect(body.asOf).toEqual({ sequence: expect.any(Number), earliest: expect.any(String) });
      expect(body.asOf.sequence).toBeLessThanOrEqual(moment?.sequence ?? 0);
      return body.items.map(({ id, status, version }) => [id, status, version]);
    };
    expect(await listed(0)).toEqual([[old, 'pending', 1]]);
    expect(await listed(1)).toEqual([
      [early, 'pending', 1],
      [old, 'processing', 3],
    ]);
    expect(await listed(2)).toEqual([
      [late, 'pending', 1],
      [early, 'pending', 1],
      [old, 'completed', 4],
    ]);
  });

  test('have the fields of that moment, as one job has', async () => {
    const { body } = await ask(`/api/jobs?type=${type}&status=processing&asOf=${moments[1]?.time}`);
    const { body: alone } = await ask(`/api/jobs/${old}?asOf=${moments[1]?.time}`);
    expect(body.items).toEqual([alone]);
    expect(alone).toMatchObject({ payload: { to: 'user@example.com' }, progress: { percent: 50 }, worker: 'worker-1' });
    expect(alone).not.toHaveProperty('finishedAt');
  });

  test('are found by status, type and tags of then, and counted', async () => {
    const found = async (query: string) => {
      const { body } = await ask(`/api/jobs?asOf=${moments[1]?.sequence}&${query}`);
      return body.items.map(({ id }) => id);
    };
    expect(await found(`type=${type}&status=pending`)).toEqual([early]);
    expect(await found(`type=${type},other&status=pending,processing`)).toEqual([early, old]);
    expect(await found(`type=${type}&status=completed`)).toEqual([]);
    expect(await found(`type=${type}&tag=b`)).toEqual([early, old]);
    expect(await found(`type=${type}&tag=b&tag=a`)).toEqual([old]);
    const { body } = await ask(`/api/jobs?type=${type}&status=pending&count=true&asOf=${moments[2]?.sequence}`);
    expect(body.total).toBe(2);
    const { body: stats } = await ask(`/api/stats?asOf=${moments[1]?.time}`);
    expect(stats.jobs.byType[type]).toEqual({ pending: 1, processing: 1 });
    expect(Object.keys(stats)).toEqual(['jobs', 'asOf']);
  });

  test('come page by page', async () => {
    const seen: string[] = [];
    for (let cursor = ''; cursor !== 'null';) {
      const { body } = await ask(`/api/jobs?type=${type}&limit=1&asOf=${moments[2]?.sequence}${cursor}`);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor === null ? 'null' : `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual([late, early, old]);
  });

  test('are not changed by what comes later, nor by an erasure, but for the contents', async () => {
    const before = await ask(`/api/jobs?type=${type}&asOf=${moments[1]?.time}`);
    expect((await api.fetch(`/api/jobs/${early}/payload`, { method: 'DELETE' })).status).toBe(200);
    await act(early, { kind: 'CancelJob' });
    await followPast(api.log, stage.databaseUrl);
    const after = await ask(`/api/jobs?type=${type}&asOf=${moments[1]?.time}`);
    expect(after.body.items).toEqual(
      before.body.items.map((job) =>
        job.id === early ? Object.assign({}, job, { payload: { shredded: true } }) : job,
      ),
    );
  });
});

test('a caller with a tenant gets the jobs of the tenant alone', async () => {
  const key = async (tenant: string | null) =>
    (await api.keys.create({ name: 'k', scopes: ['jobs:read', 'jobs:write'], tenant, expiresAt: null })).text;
  const [acme, globex] = [await key('acme'), await key('globex')];
  const type = 'of-tenants';
  const id = await newJob(type, {}, acme);
  await newJob(type, {}, globex);
  await newJob(type);
  await followPast(api.log, stage.databaseUrl);
  const moment = await api.log.lastSequence();
  const { body } = await ask(`/api/jobs?type=${type}&count=true&asOf=${moment}`, acme);
  expect({ ids: body.items.map((job) => job.id), total: body.total }).toEqual({ ids: [id], total: 1 });
  expect((await ask(`/api/stats?asOf=${moment}`, acme)).body.jobs).toMatchObject({
    total: 1,
    byType: { [type]: { pending: 1 } },
  });
  expect((await ask(`/api/stats?asOf=${moment}`)).body.jobs.byType[type]).toEqual({ pending: 3 });
});

test.each([
  ['/api/jobs?asOf=1&sort=oldest', 'sort'],
  ['/api/jobs?asOf=1&worker=w', 'worker'],
  ['/api/jobs?asOf=1&createdAfter=2026-01-01T00:00:00Z', 'createdAfter'],
  ['/api/jobs?asOf=1&tag=a&count=true', 'count'],
  ['/api/jobs?asOf=1&search=a%3Db&type=t', 'search'],
  ['/api/stats?asOf=1&window=1h', 'asOf'],
])('%s is refused with a sentence', async (path, parameter) => {
  const { status, body } = await ask(path);
  expect({ status, parameters: body.errors.map((one) => one.parameter) }).toEqual({
    status: 400,
    parameters: [parameter],
  });
  expect(body.errors[0]?.detail).toMatch(/^(cannot be combined with asOf|must not be given together)/);
});

test('a moment before the earliest, or after the end, is refused with a sentence', async () => {
  await newJob('bounds');
  await followPast(api.log, stage.databaseUrl);
  const { earliest, sequence } = (await ask(`/api/stats?asOf=${await api.log.lastSequence()}`)).body.asOf;
  const details = async (moment: string | number) => {
    const { status, body } = await ask(`/api/jobs?asOf=${moment}`);
    return [status, body.errors[0]?.detail];
  };
  const before = new Date(Date.parse(earliest) - 1).toISOString();
  expect(await details(before)).toEqual([
    400,
    expect.stringMatching(`^must not be before ${earliest} .*: past states reach back to then$`),
  ]);
  expect(await details(0)).toEqual([400, expect.stringContaining(`must not be before ${earliest}`)]);
  expect(await details('2100-01-01T00:00:00Z')).toEqual([400, 'must not be later than now']);
  const end = await api.log.lastSequence();
  expect(await details(end + 1)).toEqual([400, `must not be later than the end of the log, which is at ${end}`]);
  expect(await details('yesterday')).toEqual([400, expect.stringContaining('must be a sequence or an RFC 3339 time')]);
  expect(sequence).toBeLessThanOrEqual(end);
});

test('an answer waits for the events of its moment, and says so where they do not come', async () => {
  await newJob('waits');
  await followPast(api.log, stage.databaseUrl);
  const id = await newJob('waits');
  const { sequence, time } = await here();
  const { natsUrl, limits } = { natsUrl: stage.nats.url, limits: { pastMs: 500 } };
  await using impatient = await startApi({ natsUrl, databaseUrl: stage.databaseUrl, limits });
  const early = await impatient.fetch(`/api/jobs?type=waits&asOf=${time}`);
  expect({ status: early.status, retryAfter: early.headers.get('retry-after') }).toEqual({
    status: 503,
    retryAfter: '2',
  });
  expect(await early.json()).toMatchObject({
    type: 'urn:jobstream:problem:past-not-reached',
    detail: expect.stringContaining('past states are known until'),
  });
  vi.spyOn(api.log, 'lastSequence').mockResolvedValueOnce(sequence - 1); // as a new leader says for a moment
  const waiting = ask(`/api/jobs?type=waits&limit=1&asOf=${sequence}`);
  await followPast(api.log, stage.databaseUrl);
  expect((await waiting).body.items.map((job) => job.id)).toEqual([id]);
});
