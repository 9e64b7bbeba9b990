import { randomUUID } from 'node:crypto';
import { type JobOperation, migrate, Operations } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, queryDatabase, startNats } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi } from '../../../testing/startApi.ts';

interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
}

const stage = useStage({ operations: { jobs: 50, operations: 4, ofOneCaller: 3 } });
const { api } = stage;

const all = async <Body>(response: Promise<Response>) => (await (await response).json()) as Body;

async function create(type: string, payloads: readonly unknown[], fields: object = {}): Promise<string[]> {
  const jobs = payloads.map((payload) => ({ type, payload, ...fields }));
  const { jobs: made } = await all<{ jobs: { id: string }[] }>(api.post('/api/jobs/batch', { jobs }));
  return made.map(({ id }) => id);
}

async function end(ids: readonly string[]): Promise<void> {
  for (const id of ids) await api.post(`/api/jobs/${id}/cancel`);
}

/** Jobs that have ended, in the table. */
async function ended(type: string, payloads: readonly unknown[]): Promise<string[]> {
  const ids = await create(type, payloads);
  await end(ids);
  await project();
  return ids;
}

const project = () => projectAll(api.log, stage.databaseUrl);
const typeName = () => `type-${randomUUID()}`;
const read = (id: string) => all<Operation>(api.fetch(`/api/operations/${id}`));

async function begin(body: object): Promise<Operation> {
  const response = await api.post('/api/operations', body);
  expect(response.status).toBe(202);
  const operation = (await response.json()) as Operation;
  expect(response.headers.get('location')).toBe(`/api/operations/${operation.id}`);
  return operation;
}

async function settled(id: string): Promise<Operation> {
  await eventually(async () => expect(['completed', 'cancelled']).toContain((await read(id)).status));
  return read(id);
}

interface ListedJob {
  readonly id: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly newJobId?: string;
}

async function jobsOf(id: string, query = ''): Promise<readonly ListedJob[]> {
  return (await all<{ items: ListedJob[] }>(api.fetch(`/api/operations/${id}/jobs${query}`))).items;
}

/** The jobs of an operation in the order of `ids`: those of a batch are of one moment. */
async function jobsInOrder(id: string, ids: readonly string[]): Promise<readonly (ListedJob | undefined)[]> {
  const listed = await jobsOf(id);
  expect(listed).toHaveLength(ids.length);
  return ids.map((one) => listed.find((job) => job.id === one));
}

describe('a replay', () => {
  test('creates a job for each that has ended, with its settings and the patched payload, and links them', async () => {
    const type = typeName();
    const fields = { tags: ['a'], maxAttempts: 3, timeoutMs: 1_234 };
    const ids = await create(type, [{ to: 'x', from: 'old', cc: 'y' }, ['no', 'object']], fields);
    await end(ids);
    const open = await create(type, ['open']);
    await project();
    const body = { filter: { type }, patch: { from: 'new', cc: null }, reason: 'wrong sender' };
    const response = await api.post('/api/jobs/replay', body);
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as Operation;
    const { patch: _patch, ...shown } = { ...body, patched: ['/from', '/cc'] };
    expect(await settled(id)).toMatchObject({ kind: 'replay', ...shown, total: 2, done: 2, skipped: 0, failed: 0 });
    const newIds = (await jobsInOrder(id, ids)).map((job) => job?.newJobId ?? '');
    const [first, second] = await Promise.all(newIds.map((newId) => api.log.readJob(newId)));
    const settings = { type, status: 'pending', tags: ['a'], maxAttempts: 3, timeoutMs: 1_234 };
    expect(first?.job).toMatchObject({ ...settings, payload: { to: 'x', from: 'new' }, rerunOf: ids[0] });
    expect(second?.job).toMatchObject({ ...settings, payload: { from: 'new' }, rerunOf: ids[1] });
    const [created] = await api.log.readHistory(newIds[0] ?? '');
    expect(created?.event).toMatchObject({ correlationId: id, actor: { kind: 'api', id: 'anonymous' } });
    expect((await api.log.readJob(open[0] ?? ''))?.job.version).toBe(1);
  });

  test('takes the jobs of the moment when it was accepted, and skips those that have gone on since', async () => {
    const type = typeName();
    const [gone = '', kept = ''] = await ended(type, [1, 2]);
    await api.post(`/api/jobs/${gone}/retry`); // not in the table yet
    const { id, total } = await begin({ kind: 'replay', filter: { type } });
    await ended(type, [3]);
    expect(total).toBe(2);
    expect(await settled(id)).toMatchObject({ total: 2, done: 1, skipped: 1 });
    const [skipped, done] = await jobsInOrder(id, [gone, kept]);
    expect(skipped).toEqual({ id: gone, outcome: 'skipped', reason: 'the job has not ended: it is pending' });
    expect(done).toMatchObject({ id: kept, outcome: 'done' });
    expect(await jobsOf(id, '?outcome=skipped')).toEqual([skipped]);
  });

  test('is refused for payloads that no worker accepts once they are patched, and says for how many of them and why', async () => {
    const type = typeName();
    await announceWorker(api, { type, payloadSchema: { type: 'object', required: ['to'] } });
    const [, gone = ''] = await ended(type, [{ to: 'x' }, { to: 'y' }, { to: 'z' }]);
    await api.post(`/api/jobs/${gone}/retry`); // not in the table yet
    const { id } = await begin({ kind: 'replay', filter: { type }, patch: { to: null } });
    expect(await settled(id)).toMatchObject({
      done: 0,
      skipped: 1,
      failed: 2,
      reasons: [
        { outcome: 'failed', reason: '/payload/to is required', count: 2 },
        { outcome: 'skipped', reason: 'the job has not ended: it is pending', count: 1 },
      ],
    });
  });

  test('is made once by requests with the same key, and another body is rejected', async () => {
    const type = typeName();
    await ended(type, [1]);
    const key = { 'idempotency-key': randomUUID() };
    const [first, second] = [
      await api.post('/api/jobs/replay', { filter: { type } }, key),
      await api.post('/api/jobs/replay', { filter: { type } }, key),
    ];
    expect([first.status, second.status]).toEqual([202, 200]);
    const [{ id }, { id: again }] = [(await first.json()) as Operation, (await second.json()) as Operation];
    expect(again).toBe(id);
    expect((await api.post('/api/jobs/replay', { filter: { type }, rate: 5 }, key)).status).toBe(422);
    expect(await settled(id)).toMatchObject({ done: 1 });
  });

  test(
    'that is done again after a crash makes no job twice, also where only some of a batch were stored',
    { tags: ['exact'] },
    async () => {
      const type = typeName();
      const ids = await ended(type, [1, 2, 3]);
      const { id } = await begin({ kind: 'replay', filter: { type } });
      await settled(id);
      const made = (await jobsInOrder(id, ids)).map((job) => job?.newJobId);
      await ended(type, [4]);
      const unrecorded = `UPDATE operations SET status = 'running', done = 0, total = 4, finished_at = NULL WHERE id = '${id}';
      UPDATE operation_jobs SET outcome = NULL, new_job_id = NULL WHERE operation_id = '${id}';
      INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
        SELECT '${id}', 4, id, type, version FROM jobs WHERE type = '${type}' AND payload = '4'`;
      await queryDatabase(stage.databaseUrl, unrecorded);
      expect(await settled(id)).toMatchObject({ done: 4, skipped: 0, failed: 0 });
      const again = (await jobsOf(id)).map((job) => job.newJobId);
      expect(again).toEqual(expect.arrayContaining(made));
      expect(new Set(again).size).toBe(4);
      await project();
      const pending = await all<{ items: object[] }>(api.fetch(`/api/jobs?type=${type}&status=pending`));
      expect(pending.items).toHaveLength(4);
    },
  );

  test('creates jobs that are together too large for one append', async () => {
    const type = typeName();
    const ids = await ended(
      type,
      Array.from({ length: 6 }, (_, index) => [index, 'x'.repeat(200_000)]),
    );
    const { id } = await begin({ kind: 'replay', filter: { type } });
    expect(await settled(id)).toMatchObject({ done: 6 });
    for (const job of await jobsInOrder(id, ids))
      expect((await api.log.readJob(job?.newJobId ?? ''))?.job).toMatchObject({ rerunOf: job?.id });
  });

  test('only counts with dryRun', async () => {
    const type = typeName();
    await ended(type, [1, 2]);
    expect(await all(api.post('/api/jobs/replay', { filter: { type }, dryRun: true }))).toEqual({
      dryRun: true,
      matched: 2,
      groups: [{ type, status: 'cancelled', count: 2 }],
    });
  });

  test('of no jobs is complete at once', async () => {
    expect(await begin({ kind: 'replay', filter: { type: typeName() } })).toMatchObject({
      status: 'completed',
      total: 0,
    });
  });
});

test('a cancellation and a retry change what allows it, and say of the rest why not', async () => {
  const type = typeName();
  const ids = await create(type, [1, 2]);
  await project();
  await end(ids.slice(0, 1));
  const cancelled = await settled((await begin({ kind: 'cancel', filter: { type }, reason: 'withdrawn' })).id);
  expect(cancelled).toMatchObject({ total: 2, done: 1, skipped: 1 });
  expect(await jobsInOrder(cancelled.id, ids)).toEqual([
    { id: ids[0], outcome: 'skipped', reason: expect.stringContaining('cancelled') },
    { id: ids[1], outcome: 'done' },
  ]);
  const last = (await api.log.readHistory(ids[1] ?? '')).at(-1)?.event;
  expect(last).toMatchObject({ event: 'JobCancelled', correlationId: cancelled.id, data: { reason: 'withdrawn' } });
  await project();
  const retried = await settled((await begin({ kind: 'retry', filter: { type, status: 'cancelled' } })).id);
  expect(retried).toMatchObject({ total: 2, done: 2 });
});

describe('an operation under way', () => {
  test('is paused, goes on where it was, and is cancelled', async () => {
    const type = typeName();
    await ended(
      type,
      Array.from({ length: 40 }, (_, index) => index),
    );
    const { id } = await begin({ kind: 'replay', filter: { type }, rate: 10 });
    await eventually(async () => expect((await read(id)).done).toBeGreaterThan(0));
    expect(await all(api.post(`/api/operations/${id}/pause`))).toMatchObject({ id, status: 'paused' });
    await eventually(async () => expect(await released(id)).toBe(true));
    const { done } = await read(id);
    expect(done).toBeLessThan(40);
    expect(await all(api.post(`/api/operations/${id}/resume`))).toMatchObject({ status: 'running', done });
    await eventually(async () => expect((await read(id)).done).toBeGreaterThan(done));
    expect(await all(api.post(`/api/operations/${id}/cancel`))).toMatchObject({ status: 'cancelled' });
    await eventually(async () => expect(await released(id)).toBe(true));
    const left = await read(id);
    expect(left.done).toBeLessThan(40);
    const made = (await jobsOf(id)).filter(({ newJobId }) => newJobId !== undefined);
    expect(made).toHaveLength(left.done);
    expect((await api.post(`/api/operations/${id}/resume`)).status).toBe(409);
    expect((await api.post(`/api/operations/${id}/cancel`)).status).toBe(200);
  });

  test('counts in the limits of all and of one caller', async () => {
    const type = typeName();
    await ended(type, [1]);
    const slow = { kind: 'replay', filter: { type } };
    const begun = [];
    for (let number = 1; number <= 3; number++) begun.push(await held());
    const refused = await api.post('/api/operations', slow);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ type: 'urn:jobstream:problem:too-many-operations' });
    for (const id of begun) await api.post(`/api/operations/${id}/cancel`);
    expect((await api.post('/api/operations', slow)).status).toBe(202);
  });
});

test('an operation says that the log is unavailable, counts no job as failed, and goes on when the log is back', async () => {
  await using nats = await startNats();
  const databaseUrl = await createMigratedDatabase(migrate);
  await using own = await startApi({ natsUrl: nats.url, databaseUrl });
  await own.post('/api/jobs', { type: 'email' });
  await projectAll(own.log, databaseUrl);
  await nats.kill('SIGKILL');
  const { id } = await all<Operation>(own.post('/api/operations', { kind: 'cancel', filter: { type: 'email' } }));
  const hindered = { status: 'running', hindrance: 'Event log unavailable', total: 1, done: 0, failed: 0 };
  const current = () => all<Operation>(own.fetch(`/api/operations/${id}`));
  await eventually(async () => expect(await current()).toMatchObject(hindered));
  await nats.restart();
  await eventually(async () => expect(await current()).toMatchObject({ status: 'completed', done: 1, failed: 0 }));
});

test('a cancellation that is done again after a crash counts the jobs that it had cancelled', async () => {
  const type = typeName();
  await create(type, [1, 2]);
  await project();
  const { id } = await begin({ kind: 'cancel', filter: { type } });
  expect(await settled(id)).toMatchObject({ done: 2 });
  const unrecorded = `UPDATE operations SET status = 'running', done = 0, finished_at = NULL WHERE id = '${id}';
    UPDATE operation_jobs SET outcome = NULL WHERE operation_id = '${id}'`;
  await queryDatabase(stage.databaseUrl, unrecorded);
  expect(await settled(id)).toMatchObject({ done: 2, skipped: 0, failed: 0 });
});

test('a process whose claim has expired records nothing of an operation that another one carries out', async () => {
  const operations = new Operations({ databaseUrl: stage.databaseUrl, name: 'test', queryMs: 30_000 });
  const id = await held();
  // Claimed by hand: the API's own process takes whatever is running and not claimed.
  const claimed = `UPDATE operations SET total = 1, fence = fence + 1 WHERE id = '${id}' RETURNING fence`;
  const fenceOf = async () => Number((await queryDatabase(stage.databaseUrl, claimed))[0]?.['fence']);
  const operation = (await operations.read(id)) as JobOperation;
  const [first, second] = [
    { ...operation, fence: await fenceOf() },
    { ...operation, fence: await fenceOf() },
  ];
  expect(await operations.record(first, [{ position: 1, outcome: 'done' }])).toBeUndefined();
  expect(await operations.read(id)).toMatchObject({ status: 'paused', done: 0 });
  expect(await operations.record(second, [{ position: 1, outcome: 'skipped' }])).toBe('completed');
  expect(await operations.read(id)).toMatchObject({ status: 'completed', done: 0, skipped: 1 });
  await operations.stop();
});

const endOf = (id: string, ago: string) =>
  `UPDATE operations SET status = 'completed', finished_at = now() - interval '${ago}' WHERE id = '${id}'`;

test('operations are removed when they have ended for longer than their retention', async () => {
  const [old, recent] = [await held(), await held()];
  await queryDatabase(stage.databaseUrl, `${endOf(old, '2 days')}; ${endOf(recent, '1 hour')}`);
  const operations = new Operations({ databaseUrl: stage.databaseUrl, name: 'test', queryMs: 30_000 });
  await operations.removeOld(86_400_000);
  expect([await operations.read(old), (await operations.read(recent))?.id]).toEqual([undefined, recent]);
  await operations.stop();
});

test('an operation of many jobs is removed in parts', async () => {
  const id = await held();
  const jobs = `INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
    SELECT '${id}', n, gen_random_uuid(), 'email', 1 FROM generate_series(1, 12000) AS n`;
  await queryDatabase(stage.databaseUrl, `${jobs}; ${endOf(id, '2 days')}`);
  const operations = new Operations({ databaseUrl: stage.databaseUrl, name: 'test', queryMs: 30_000 });
  const removed = [];
  for (let part; part !== 0;) removed.push((part = await operations.removeOld(86_400_000)));
  expect(removed).toEqual([5_000, 5_000, 2_000 + 1, 0]);
  expect(await operations.read(id)).toBeUndefined();
  await operations.stop();
});

test('an API removes operations that ended thirty days ago, when it starts', async () => {
  const [old, recent] = [await held(), await held()];
  await queryDatabase(stage.databaseUrl, `${endOf(old, '30 days 1 hour')}; ${endOf(recent, '30 days -1 hour')}`);
  await using cleaner = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
  const statusOf = async (id: string) => (await cleaner.fetch(`/api/operations/${id}`)).status;
  await eventually(async () => expect(await statusOf(old)).toBe(404));
  expect(await statusOf(recent)).toBe(200);
});

async function released(id: string): Promise<boolean> {
  const [row] = await queryDatabase(stage.databaseUrl, `SELECT leased_until FROM operations WHERE id = '${id}'`);
  return row?.['leased_until'] === null;
}

/** An operation of the caller that does not go on. */
async function held(): Promise<string> {
  const id = randomUUID();
  const values = `('${id}', 'cancel', 'paused', '{"kind": "api", "id": "anonymous"}', '{}')`;
  await queryDatabase(stage.databaseUrl, `INSERT INTO operations (id, kind, status, actor, filter) VALUES ${values}`);
  return id;
}

describe('a request for an operation', () => {
  test.each([
    ['no filter', { kind: 'cancel' }, ['/filter']],
    ['an empty filter', { kind: 'cancel', filter: {} }, ['/filter']],
    ['a patch of a cancellation', { kind: 'cancel', filter: { all: true }, patch: {} }, ['/patch']],
    ['a replay of open jobs', { kind: 'replay', filter: { status: 'pending' } }, ['/filter/status']],
    ['an unknown kind', { kind: 'delete', filter: { all: true } }, ['/kind']],
    ['a rate of nothing', { kind: 'cancel', filter: { all: true }, rate: 0 }, ['/rate']],
  ])('with %s is rejected', async (_what, body, pointers) => {
    const response = await api.post('/api/operations', body);
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test('that matches too many jobs is rejected, unless it has a limit', async () => {
    const type = typeName();
    const [oldest = ''] = await create(type, [0]);
    await create(
      type,
      Array.from({ length: 50 }, () => 0),
    );
    await project();
    const refused = await api.post('/api/operations', { kind: 'cancel', filter: { type } });
    expect(refused.status).toBe(422);
    const detail = 'the filter matches more than 50 jobs: narrow it, or set a limit';
    expect(await refused.json()).toMatchObject({ errors: [{ pointer: '/filter', detail }] });
    const { id } = await begin({ kind: 'cancel', filter: { type }, limit: 50 });
    expect(await settled(id)).toMatchObject({ total: 50, done: 50 });
    expect((await api.log.readJob(oldest))?.job.status).toBe('pending'); // the newest are taken
  });
});

test('operations are listed newest first, page by page', async () => {
  const made = [];
  for (let number = 0; number < 3; number++)
    made.push((await begin({ kind: 'cancel', filter: { type: typeName() } })).id);
  const page = await all<{ items: Operation[]; nextCursor: string }>(api.fetch('/api/operations?limit=2'));
  expect(page.items.map(({ id }) => id)).toEqual(made.toReversed().slice(0, 2));
  const next = await all<{ items: Operation[] }>(api.fetch(`/api/operations?limit=2&cursor=${page.nextCursor}`));
  expect(next.items[0]?.id).toBe(made[0]);
  expect((await api.fetch('/api/operations?cursor=nonsense')).status).toBe(400);
});
