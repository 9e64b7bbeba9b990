import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { startTcpProxy } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

interface Answer {
  readonly [name: string]: unknown;
}

async function json<Body = Answer>(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

async function newJob(body: object = {}, headers: Record<string, string> = {}): Promise<string> {
  const response = await api.post('/api/jobs', { type: 'email', ...body }, headers);
  expect(response.status).toBe(201);
  return (await json<{ id: string }>(response)).id;
}

/** Runs the job's first attempt, as a worker would, and lets it fail for good. */
async function fail(id: string): Promise<void> {
  const at = new Date().toISOString();
  const actor = { kind: 'worker', id: 'worker-1' } as const;
  const common = { v: 1, jobId: id, jobType: 'email', at, actor } as const;
  const error = { name: 'SmtpError', message: 'mailbox full', code: '452', stack: 'SmtpError\n at secret.ts:1' };
  const events: JobEvent[] = [
    { ...common, id: randomUUID(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'worker-1' } },
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
}

/** A job that has failed in the log while the table has only its creation. */
async function jobAheadOfTable(): Promise<string> {
  const id = await newJob();
  const { sequence = 0 } = (await api.log.readJob(id)) ?? {};
  await fail(id);
  await projectAll(api.log, stage.databaseUrl, sequence);
  return id;
}

describe('a job by id', () => {
  test('is found right after its creation, before the table has it', async () => {
    const id = await newJob({ payload: { to: 'user@example.com' }, tags: ['a'] });
    const response = await api.fetch(`/api/jobs/${id}`);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({
      id,
      type: 'email',
      status: 'pending',
      version: 1,
      payload: { to: 'user@example.com' },
      tags: ['a'],
      maxAttempts: 5,
      backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 3_600_000, jitter: 0.2 },
      timeoutMs: 3_600_000,
      attempt: 0,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      waitingFor: { reason: 'noWorker', announced: false },
    });
  });

  test('has the same fields from the table as from the log', async () => {
    const id = await newJob(
      { payload: { text: 'a\0b' }, runAt: '2020-01-01T00:00:00Z' },
      { 'idempotency-key': randomUUID() },
    );
    await fail(id);
    const fromLog = await json(await api.fetch(`/api/jobs/${id}`));
    await projectAll(api.log, stage.databaseUrl);
    const fromTable = await json(await api.fetch(`/api/jobs/${id}`));
    expect(fromTable).toEqual(fromLog);
    expect(fromTable).toMatchObject({
      status: 'failed',
      attempt: 1,
      worker: 'worker-1',
      finishedAt: expect.any(String),
    });
    expect(fromTable['error']).toMatchObject({ name: 'SmtpError', message: 'mailbox full', code: '452' });
    expect(Object.keys(fromTable)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(idempotencyKey|fingerprint|startedBy)$/)]),
    );
  });

  describe('that was shown from the log', () => {
    const completed = { status: 'failed', version: 3 };

    test('is not shown in an older version when the table lags', async () => {
      const id = await newJob();
      const { sequence = 0 } = (await api.log.readJob(id)) ?? {};
      await fail(id);
      expect(await json(await api.fetch(`/api/jobs/${id}`))).toMatchObject(completed);
      await projectAll(api.log, stage.databaseUrl, sequence);
      expect(await json(await api.fetch(`/api/jobs/${id}`))).toMatchObject(completed);
    });

    test('at the end of a wait is shown in that version afterwards', async () => {
      const id = await jobAheadOfTable();
      expect(await json(await api.fetch(`/api/jobs/${id}?wait=1s`))).toMatchObject(completed);
      expect(await json(await api.fetch(`/api/jobs/${id}`))).toMatchObject(completed);
    });

    test('by another process is not older than the entity tag that the client got there', async () => {
      const id = await jobAheadOfTable();
      const response = await api.fetch(`/api/jobs/${id}`, { headers: { 'if-none-match': '"2"' } });
      expect(await json(response)).toMatchObject(completed);
    });

    test('after a change by the client has that change', async () => {
      const id = await jobAheadOfTable();
      expect((await api.post(`/api/jobs/${id}/retry`)).status).toBe(200);
      expect(await json(await api.fetch(`/api/jobs/${id}`))).toMatchObject({ status: 'pending', version: 4 });
    });
  });

  test('can be requested with its id in upper case', async () => {
    const id = await newJob();
    expect((await api.fetch(`/api/jobs/${id.toUpperCase()}`)).status).toBe(200);
  });

  test.each([randomUUID(), 'unknown', '%00', "1' OR '1'='1", '..%2f..'])('that is %j is unknown', async (id) => {
    const response = await api.fetch(`/api/jobs/${id}`);
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ type: 'urn:jobstream:problem:job-not-found', status: 404 });
  });

  test('has its version as entity tag, and is answered 304 to a client that has that version', async () => {
    const id = await newJob();
    const first = await api.fetch(`/api/jobs/${id}`);
    expect(first.headers.get('etag')).toBe('"1"');
    for (const tag of ['"1"', '"7", "1"', 'W/"1"', '*']) {
      const again = await api.fetch(`/api/jobs/${id}`, { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
      expect(again.headers.get('etag')).toBe('"1"');
      expect(await again.text()).toBe('');
    }
    await api.post(`/api/jobs/${id}/cancel`);
    const changed = await api.fetch(`/api/jobs/${id}`, { headers: { 'if-none-match': '"1"' } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).toBe('"2"');
  });

  test('is read from the log while Postgres is unreachable, and the list is refused with Retry-After', async () => {
    await using lonely = await startApi({ natsUrl: stage.nats.url, databaseUrl: 'postgres://127.0.0.1:1/none' });
    const id = await newJob();
    expect((await lonely.fetch(`/api/jobs/${id}`)).status).toBe(200);
    expect((await lonely.fetch(`/api/jobs/${randomUUID()}`)).status).toBe(404);
    const list = await lonely.fetch('/api/jobs');
    expect(list.status).toBe(503);
    expect(list.headers.get('retry-after')).toBe('2');
    expect(await json(list)).toMatchObject({ type: 'urn:jobstream:problem:table-unavailable' });
  });
});

test('a table that does not respond does not delay reading from the log', async () => {
  const address = new URL(stage.databaseUrl);
  await using proxy = await startTcpProxy(Number(address.port));
  address.port = String(proxy.port);
  await using slow = await startApi({ natsUrl: stage.nats.url, databaseUrl: address.href, answerMs: 5_000 });
  const id = await newJob();
  proxy.pauseDownstream();
  expect((await slow.fetch(`/api/jobs/${id}`)).status).toBe(200);
  await proxy.cut();
});

describe('the list of jobs', () => {
  interface Page {
    readonly items: readonly { readonly id: string; readonly type: string }[];
    readonly nextCursor: string | null;
  }

  test('comes newest first in pages that can be followed by Link', async () => {
    const type = 'paged';
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.unshift(await newJob({ type }));
    await projectAll(api.log, stage.databaseUrl);
    const seen: string[] = [];
    let path: string | undefined = `/api/jobs?type=${type}&limit=2`;
    let pages = 0;
    while (path !== undefined) {
      const response: Response = await api.fetch(path);
      expect(response.status).toBe(200);
      const { items, nextCursor } = await json<Page>(response);
      seen.push(...items.map(({ id }) => id));
      path = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
      expect(path === undefined).toBe(nextCursor === null);
      pages++;
    }
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).toHaveLength(5);
    expect(pages).toBe(3);
  });

  test('can be filtered by all filters at once', async () => {
    const wanted = await newJob({ type: 'filtered', tags: ['red', 'big'] });
    const other = await newJob({ type: 'filtered', tags: ['red'] });
    await api.post(`/api/jobs/${other}/cancel`);
    await projectAll(api.log, stage.databaseUrl);
    const query = new URLSearchParams({
      type: 'filtered',
      status: 'pending',
      tag: 'red',
      createdAfter: '2020-01-01T00:00:00+02:00',
      createdBefore: new Date(Date.now() + 3_600_000).toISOString(),
      limit: '200',
    });
    const page = await json<Page>(await api.fetch(`/api/jobs?${query.toString()}`));
    expect(page.items.map(({ id }) => id)).toEqual([wanted]);
    expect(page.nextCursor).toBeNull();
    query.set('createdBefore', '2020-01-02T00:00:00Z');
    expect((await json<Page>(await api.fetch(`/api/jobs?${query.toString()}`))).items).toEqual([]);
  });

  test('can have several types, statuses and tags, and the Link to the next page has them all', async () => {
    const [one, two] = [
      await newJob({ type: 'one', tags: ['x', 'y'] }),
      await newJob({ type: 'two', tags: ['y', 'x'] }),
    ];
    await newJob({ type: 'three', tags: ['x', 'y'] });
    await newJob({ type: 'one', tags: ['x'] });
    await api.post(`/api/jobs/${one}/cancel`);
    await projectAll(api.log, stage.databaseUrl);
    const filters = 'type=one&type=two&status=pending&status=cancelled&tag=x&tag=y&count=true&sort=oldest';
    const first = await api.fetch(`/api/jobs?${filters}&limit=1`);
    expect(await json<Page>(first)).toMatchObject({ items: [{ id: one }], total: 2, totalExact: true });
    const next = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect(next).toContain(filters);
    expect(await json<Page>(await api.fetch(next))).toMatchObject({ items: [{ id: two }], nextCursor: null });
    const counted = await api.fetch('/api/jobs?type=one,two&status=cancelled,failed&count=true');
    expect(await json<Page>(counted)).toMatchObject({ total: 1, totalExact: true });
  });

  test('by error, worker, time and duration has the jobs that failed so', async () => {
    const [failed, pending] = [await newJob({ tags: ['broken'] }), await newJob({ tags: ['broken'] })];
    await fail(failed);
    await projectAll(api.log, stage.databaseUrl);
    const { startedAt } = await json<{ startedAt: string }>(await api.fetch(`/api/jobs/${failed}`));
    const idsOf = async (query: Record<string, string>) => {
      const response = await api.fetch(`/api/jobs?${new URLSearchParams({ tag: 'broken', ...query }).toString()}`);
      return (await json<Page>(response)).items.map(({ id }) => id);
    };
    expect(await idsOf({ errorName: 'SmtpError', errorCode: '452' })).toEqual([failed]);
    expect(await idsOf({ errorName: 'OtherError' })).toEqual([]);
    expect(await idsOf({ worker: 'worker-1' })).toEqual([failed]);
    expect(await idsOf({ startedAfter: new Date(Date.parse(startedAt) - 1).toISOString() })).toEqual([failed]);
    expect(await idsOf({ startedAfter: startedAt })).toEqual([]);
    expect(await idsOf({ sort: 'longest' })).toEqual([failed]);
    expect(await idsOf({ sort: 'lastFinished' })).toEqual([failed]);
    expect(await idsOf({ sort: 'oldest' })).toEqual([failed, pending]);
  });

  test.each([
    ['limit=0', 'limit', 'must be an integer from 1 to 200'],
    ['limit=201', 'limit', 'must be an integer from 1 to 200'],
    ['limit=1.5', 'limit', 'must be an integer from 1 to 200'],
    ['limit=', 'limit', 'must be an integer from 1 to 200'],
    ['limit=1&limit=2', 'limit', 'must be a string'],
    [
      'status=done',
      'status',
      'must be "scheduled" | "pending" | "processing" | "waiting" | "retrying" | "completed" | "failed" | "cancelled"',
    ],
    ['sort=fastest', 'sort', 'must be "newest" | "oldest" | "longest" | "shortest" | "lastFinished" | "firstFinished"'],
    ['status=failed&status=done', 'status', expect.stringContaining('must be "scheduled"')],
    [Array(21).fill('tag=x').join('&'), 'tag', 'must be a value with a length between 1 and 20'],
    ['type=E', 'type', 'must be a job type: 1 to 63 lower-case letters, digits and dashes, starting with a letter'],
    ['tag=', 'tag', 'must be a value with a length between 1 and 128'],
    ['createdAfter=yesterday', 'createdAfter', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z'],
    ['createdBefore=2026-02-30T00:00:00Z', 'createdBefore', 'must be an existing date'],
    ['cursor=abc', 'cursor', 'must be the nextCursor of an earlier page with the same sort and asOf'],
    ['state=failed', 'state', 'is not known here'],
    ['__proto__=1', '__proto__', 'is not known here'],
  ])('refuses ?%s and names the parameter', async (query, parameter, detail) => {
    const response = await api.fetch(`/api/jobs?${query}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({
      type: 'urn:jobstream:problem:invalid-parameter',
      errors: [{ parameter, detail }],
    });
  });
});

describe('the events of a job', () => {
  test('are returned oldest first with their sequence, and without internal fields', async () => {
    const id = await newJob({}, { 'idempotency-key': 'a secret' });
    await fail(id);
    const response = await api.fetch(`/api/jobs/${id}/events`);
    expect(response.status).toBe(200);
    const { items } = await json<{ items: { sequence: number; event: string; recordedAt: string }[] }>(response);
    expect(items.map(({ event }) => event)).toEqual(['JobCreated', 'JobStarted', 'JobFailed']);
    const sequences = items.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((left, right) => left - right));
    expect(items[0]).toMatchObject({ v: 1, jobId: id, jobType: 'email', version: 1, recordedAt: expect.any(String) });
    expect(JSON.stringify(items)).not.toMatch(/idempotencyKey|fingerprint/);
  });

  test('of an unknown job are not found', async () => {
    expect((await api.fetch(`/api/jobs/${randomUUID()}/events`)).status).toBe(404);
    expect((await api.fetch('/api/jobs/unknown/events')).status).toBe(404);
  });
});

describe('cancel and retry', () => {
  test('cancel ends the job, and a second cancel changes nothing', async () => {
    const id = await newJob();
    const first = await api.post(`/api/jobs/${id}/cancel`, { reason: 'not needed' });
    expect(first.status).toBe(200);
    expect(first.headers.get('etag')).toBe('"2"');
    const body = await json(first);
    expect(body).toMatchObject({ id, status: 'cancelled', version: 2, finishedAt: expect.any(String) });
    const second = await api.fetch(`/api/jobs/${id}/cancel`, { method: 'POST' });
    expect(second.status).toBe(200);
    expect(await json(second)).toEqual(body);
    const history = await api.log.readHistory(id);
    expect(history.at(-1)?.event).toMatchObject({ event: 'JobCancelled', data: { reason: 'not needed' } });
    expect(history).toHaveLength(2);
  });

  test('retry starts a failed job afresh', async () => {
    const id = await newJob();
    await fail(id);
    const response = await api.post(`/api/jobs/${id}/retry`);
    expect(response.status).toBe(200);
    expect(await json(response)).toMatchObject({ id, status: 'pending', attempt: 0, version: 4 });
  });

  test.each(['cancel', 'retry'])('%s is refused where the state forbids it', async (change) => {
    const id = await newJob();
    if (change === 'cancel') await fail(id);
    const response = await api.post(`/api/jobs/${id}/${change}`);
    expect(response.status).toBe(409);
    expect(await json(response)).toMatchObject({
      type: 'urn:jobstream:problem:illegal-transition',
      detail: expect.stringContaining(change === 'cancel' ? 'failed' : 'pending'),
    });
  });

  test.each(['cancel', 'retry'])('%s of an unknown job is not found', async (change) => {
    expect((await api.post(`/api/jobs/${randomUUID()}/${change}`)).status).toBe(404);
  });

  test('a body with anything but a reason is refused', async () => {
    const id = await newJob();
    const response = await api.post(`/api/jobs/${id}/cancel`, { why: 'x' });
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({ errors: [{ pointer: '/why', detail: 'is not known here' }] });
  });

  test('many concurrent cancels append one event, and each returns the cancelled job', async () => {
    const id = await newJob();
    const responses = await Promise.all(Array.from({ length: 8 }, () => api.post(`/api/jobs/${id}/cancel`)));
    for (const response of responses) expect(await json(response)).toMatchObject({ status: 'cancelled', version: 2 });
    expect(await api.log.readHistory(id)).toHaveLength(2);
  });
});
