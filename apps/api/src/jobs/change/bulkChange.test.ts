import { migrate } from '@jobstream/readmodel';
import {
  createDatabase,
  eventually,
  queryDatabase,
  startNats,
  startPostgres,
  startTcpProxy,
} from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;
let types = 0;

/** A job type of its own for each test, since they share the servers. */
function newType(): string {
  return `type-${++types}`;
}

async function create(type: string, count: number, fields: object = {}, on = api): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1_000) {
    const jobs = Array.from({ length: Math.min(1_000, count - made) }, () => ({ type, ...fields }));
    const created = (await (await on.post('/api/jobs/batch', { jobs })).json()) as { jobs: { id: string }[] };
    ids.push(...created.jobs.map(({ id }) => id));
  }
  return ids;
}

/** What a bulk request answers; the table is brought up to the log before. */
async function bulk(path: 'cancel' | 'retry', body: object): Promise<Record<string, unknown>> {
  await projectAll(api.log, stage.databaseUrl);
  const response = await api.post(`/api/jobs/${path}`, body);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function statusOf(id: string, on = api): Promise<string | undefined> {
  return (await on.log.readJob(id))?.job.status;
}

async function statusesOf(ids: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(ids.map((id) => statusOf(id)));
}

const ndjson = { accept: 'application/x-ndjson' };

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function firstLine(response: Response): Promise<unknown> {
  const chunk = await response.body?.getReader().read();
  return parseLines(new TextDecoder().decode(chunk?.value as Uint8Array | undefined)).at(0);
}

describe('a bulk cancel', () => {
  test('cancels what the filter matches and can be cancelled, and leaves all else alone', async () => {
    const type = newType();
    const matching = [
      ...(await create(type, 3, { tags: ['old'] })),
      ...(await create(type, 1, delayed({ tags: ['old'] }))),
    ];
    const others = [...(await create(type, 1)), ...(await create(newType(), 1, { tags: ['old'] }))];
    const summary = await bulk('cancel', { type, tag: 'old', reason: 'clean-up' });
    expect(summary).toEqual({ matched: 4, changed: 4, skipped: 0, failed: 0 });
    expect(new Set(await statusesOf(matching))).toEqual(new Set(['cancelled']));
    expect(await statusesOf(others)).toEqual(['pending', 'pending']);
    const histories = await Promise.all(matching.map((id) => api.log.readHistory(id)));
    const cancels = histories.map((history) => history.at(-1)?.event);
    expect(cancels.map((event) => event?.data)).toEqual(matching.map(() => ({ reason: 'clean-up' })));
    expect(new Set(cancels.map((event) => event?.id)).size).toBe(4);
    expect(new Set(cancels.map((event) => event?.correlationId)).size).toBe(1);
  });

  test('cancels jobs that wait within an attempt', async () => {
    const type = newType();
    const [id = ''] = await create(type, 1);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const suspend = { kind: 'SuspendAttempt', attempt: 1, until, ranMs: 1 } as const;
    await carryOut(api, id, { kind: 'StartAttempt', worker: 'w' }, suspend);
    expect(await bulk('cancel', { type })).toMatchObject({ matched: 1, changed: 1 });
    expect(await statusOf(id)).toBe('cancelled');
  });

  test('takes the newest first when there are more than its limit', async () => {
    const type = newType();
    const [older, newer] = [await create(type, 2), await create(type, 2)];
    expect(await bulk('cancel', { type, limit: 2 })).toMatchObject({ matched: 2, changed: 2 });
    expect(await statusesOf([...older, ...newer])).toEqual(['pending', 'pending', 'cancelled', 'cancelled']);
  });

  test('matches by the time of creation', async () => {
    const type = newType();
    await create(type, 1);
    expect(await bulk('cancel', { type, createdBefore: '2020-01-01T00:00:00Z' })).toMatchObject({ matched: 0 });
    expect(await bulk('cancel', { type, createdAfter: '2020-01-01T00:00:00Z' })).toMatchObject({ changed: 1 });
  });

  test('skips jobs that have moved on since the table was written', async () => {
    const type = newType();
    const [one = '', two = ''] = await create(type, 2);
    await projectAll(api.log, stage.databaseUrl);
    await api.post(`/api/jobs/${one}/cancel`);
    const response = await api.post('/api/jobs/cancel', { type });
    expect(await response.json()).toEqual({ matched: 2, changed: 1, skipped: 1, failed: 0 });
    expect(await statusOf(two)).toBe('cancelled');
  });

  test('is seen at once by who reads a job at the same process', async () => {
    const type = newType();
    const [id = ''] = await create(type, 1);
    expect(await bulk('cancel', { type })).toMatchObject({ changed: 1 });
    expect(await (await api.fetch(`/api/jobs/${id}`)).json()).toMatchObject({ status: 'cancelled', version: 2 });
  });

  test('counts without changing anything when it is only a dry run', async () => {
    const type = newType();
    const ids = await create(type, 5);
    expect(await bulk('cancel', { type, limit: 1, dryRun: true })).toEqual({ dryRun: true, matched: 5 });
    expect(new Set(await statusesOf(ids))).toEqual(new Set(['pending']));
  });
});

describe('a bulk retry', () => {
  test('puts dead letters back, and cancelled jobs only when they are named', async () => {
    const type = newType();
    const [failed = '', cancelled = ''] = await create(type, 2, { maxAttempts: 1 });
    await failJob(failed);
    await api.post(`/api/jobs/${cancelled}/cancel`);
    expect(await bulk('retry', { type })).toEqual({ matched: 1, changed: 1, skipped: 0, failed: 0 });
    expect(await statusesOf([failed, cancelled])).toEqual(['pending', 'cancelled']);
    expect(await bulk('retry', { type, status: 'cancelled' })).toMatchObject({ changed: 1 });
    expect(await statusOf(cancelled)).toBe('pending');
  });

  test('skips what its state forbids, when such a status is named', async () => {
    const type = newType();
    await create(type, 2);
    expect(await bulk('retry', { type, status: 'pending' })).toMatchObject({ matched: 2, changed: 0, skipped: 2 });
  });
});

describe('progress', () => {
  test('is a line of JSON for each page, and a summary at the end', async () => {
    const type = newType();
    await create(type, 1_100);
    await projectAll(api.log, stage.databaseUrl);
    const response = await api.post('/api/jobs/cancel', { type, limit: 1_050 }, ndjson);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(parseLines(await response.text())).toEqual([
      allChanged(500, false),
      allChanged(1_000, false),
      allChanged(1_050, false),
      allChanged(1_050, true),
    ]);
  });

  test('of nothing is the summary alone', async () => {
    const response = await api.post('/api/jobs/cancel', { type: newType() }, ndjson);
    expect(parseLines(await response.text())).toEqual([
      { done: true, total: 0, matched: 0, changed: 0, skipped: 0, failed: 0 },
    ]);
  });

  test('that nobody reads any more ends the work', async () => {
    const type = newType();
    await create(type, 4_000);
    await projectAll(api.log, stage.databaseUrl);
    const client = new AbortController();
    const response = await fetch(`${api.url}/api/jobs/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ndjson },
      body: JSON.stringify({ type, limit: 4_000 }),
      signal: client.signal,
    });
    expect(await firstLine(response)).toMatchObject({ matched: 500 });
    client.abort();
    await untilQuiet();
    const left = await bulk('cancel', { type, dryRun: true });
    expect(left['matched']).toBeGreaterThan(1_000);
    expect(left['matched']).toBeLessThan(4_000);
  });

  test('that nobody waits for any more while the jobs are counted begins no work', async () => {
    const url = new URL(stage.databaseUrl);
    await using proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    await using own = await startApi({ natsUrl: stage.nats.url, databaseUrl: url.href, answerMs: 5_000 });
    const type = newType();
    const ids = await create(type, 10);
    await projectAll(api.log, stage.databaseUrl);
    await own.post('/api/jobs/cancel', { type, dryRun: true }); // leaves a connection to count over
    proxy.pauseDownstream();
    const client = new AbortController();
    const response = fetch(`${own.url}/api/jobs/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ndjson },
      body: JSON.stringify({ type, limit: 77 }),
      signal: client.signal,
    });
    await eventually(async () => expect(await newestQueries()).toContainEqual(expect.stringContaining('AS matching')));
    client.abort();
    await expect(response).rejects.toThrow('aborted');
    const isAborted = async () => expect(await (await own.fetch('/metrics')).text()).toContain('status="aborted"');
    await eventually(isAborted);
    await proxy.heal();
    await eventually(async () => expect(await newestQueries()).not.toContainEqual(expect.stringContaining('matching')));
    await untilQuiet();
    expect(new Set(await statusesOf(ids))).toEqual(new Set(['pending']));
  });
});

describe('an outage', () => {
  test('of the log in the middle ends the work, and the summary says so', async () => {
    await using ownNats = await startNats();
    const ownDatabase = await createDatabase();
    await migrate(ownDatabase);
    const servers = { natsUrl: ownNats.url, databaseUrl: ownDatabase };
    await using patient = await startApi(servers);
    await create('email', 2_000, {}, patient);
    await projectAll(patient.log, ownDatabase);
    const own = await startApi({ ...servers, log: { deadlineMs: 500 } });
    const response = await own.post('/api/jobs/cancel', { all: true, limit: 2_000 }, ndjson);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? '';
    await ownNats.kill('SIGKILL');
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value;
    const summary = parseLines(text).at(-1) ?? {};
    expect(summary).toMatchObject({ done: true, total: 2_000, stopped: 'Event log unavailable' });
    expect(summary['failed']).toBeGreaterThan(0);
    expect(summary['matched']).toBeLessThan(2_000);
    await own.stop();
  });

  test('of the table before anything was done is answered as one', async () => {
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    await using own = await startApi({ natsUrl: stage.nats.url, databaseUrl: postgres.url });
    await postgres.kill();
    for (const headers of [{}, ndjson]) {
      const response = await own.post('/api/jobs/cancel', { all: true }, headers);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ type: 'urn:jobstream:problem:table-unavailable' });
    }
  });
});

describe('a bulk request that is refused', () => {
  const anyFilter = 'must have one of type, status, tag, createdAfter, createdBefore, or "all": true';

  test.each([
    [{}, [{ pointer: '', detail: anyFilter }]],
    [{ all: false, limit: 5 }, [{ pointer: '', detail: anyFilter }]],
    [{ all: true, type: 'email' }, [{ pointer: '/all', detail: 'must not be given together with a filter' }]],
    [{ tag: 'a', limit: 100_001 }, [{ pointer: '/limit' }]],
    [{ tag: 'a', limit: 0 }, [{ pointer: '/limit' }]],
    [{ status: 'done', createdAfter: 'yesterday' }, [{ pointer: '/createdAfter' }, { pointer: '/status' }]],
    [{ tags: ['a'], all: true }, [{ pointer: '/tags', detail: 'is not known here' }]],
  ])('%j', async (body, errors) => {
    const response = await api.post('/api/jobs/cancel', body);
    expect(response.status).toBe(422);
    const problem = (await response.json()) as { errors: { pointer: string }[] };
    expect(problem.errors.toSorted((left, right) => (left.pointer < right.pointer ? -1 : 1))).toMatchObject(errors);
  });
});

/** A line of progress through 1,050 jobs. */
function allChanged(count: number, done: boolean): object {
  return { done, total: 1_050, matched: count, changed: count, skipped: 0, failed: 0 };
}

function delayed(fields: object): object {
  return { ...fields, delayMs: 3_600_000 };
}

/** Lets the only attempt of a job fail, as a worker would. */
async function failJob(id: string): Promise<void> {
  const snapshot = await api.log.readJob(id);
  if (snapshot === undefined) throw new Error('no such job');
  const { job, sequence } = snapshot;
  const common = { v: 1, jobId: id, jobType: job.type, at: new Date().toISOString() } as const;
  const actor = { kind: 'worker', id: 'test' } as const;
  const started = await api.log.append(
    {
      ...common,
      actor,
      id: crypto.randomUUID(),
      version: 2,
      event: 'JobStarted',
      data: { attempt: 1, worker: 'test' },
    },
    sequence,
  );
  const data = { attempt: 1, error: { name: 'Error', message: 'no' }, reason: 'attempts-exhausted' } as const;
  await api.log.append({ ...common, actor, id: crypto.randomUUID(), version: 3, event: 'JobFailed', data }, started);
}

/** Waits until nothing has been appended during a few round trips. */
async function untilQuiet(): Promise<void> {
  await eventually(async () => {
    const before = await api.log.lastSequence();
    for (let trip = 0; trip < 50; trip += 1) await api.log.readJob(crypto.randomUUID());
    expect(await api.log.lastSequence()).toBe(before);
  });
}

/** What each connection of an API to the table asked last. */
async function newestQueries(): Promise<string[]> {
  const text =
    "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'jobstream-api'";
  return (await queryDatabase<{ query: string }>(stage.databaseUrl, text)).map(({ query }) => query);
}
