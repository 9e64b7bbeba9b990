import { randomUUID } from 'node:crypto';
import { forEachTest, startDatabaseProxy } from '@jobstream/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { InvalidCursorError, ReadModelUnavailableError } from './errors.ts';
import type { JobListQuery } from './jobs/jobQueries.ts';
import { ReadModel } from './readModel.ts';
import { entriesOf, JobEvents } from '../testing/jobEvents.ts';
import { migratedDatabase } from '../testing/migratedDatabase.ts';
import { openProjection } from '../testing/openProjection.ts';

const database = forEachTest(migratedDatabase);
let readModel: ReadModel;

beforeEach(() => {
  ({ readModel } = database);
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

interface Wanted {
  second: number;
  jobType?: string;
  tags?: string[];
  failed?: boolean;
  completed?: boolean;
  tenant?: string;
}

/** Stores a job and returns its id. */
async function store({ second, jobType = 'email', tags = [], failed, completed, tenant }: Wanted): Promise<string> {
  await using projection = await openProjection(database.url);
  const job = new JobEvents({ jobType });
  const events = [job.next('JobCreated', { tags }, { at: at(second), ...(tenant === undefined ? {} : { tenant }) })];
  if (failed === true) events.push(job.next('JobStarted'), job.next('JobFailed'));
  if (completed === true) events.push(job.next('JobStarted'), job.next('JobCompleted'));
  await projection.apply(entriesOf(events, projection.lastSequence + 1));
  return job.jobId;
}

async function listIds(query: Partial<JobListQuery> = {}): Promise<string[]> {
  return (await readModel.listJobs({ limit: 100, ...query })).items.map(({ id }) => id);
}

async function planOf(query: string): Promise<string> {
  await database.query('SET enable_seqscan = off; SET enable_sort = off');
  const lines = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT id FROM jobs ${query}`);
  return lines.map((line) => line['QUERY PLAN']).join('\n');
}

test('the oldest pending job of each type is found', async () => {
  for (const second of [5, 3, 4]) await store({ second });
  await store({ second: 1, failed: true });
  await store({ second: 2, jobType: 'webhook' });
  await store({ second: 2, jobType: 'sleep', completed: true });
  expect(await readModel.oldestPending(['email', 'webhook', 'sleep', 'unknown'])).toEqual(
    new Map([
      ['email', at(3)],
      ['webhook', at(2)],
    ]),
  );
});

describe('lists', () => {
  test('are newest first, and ids settle the order of jobs of one millisecond', async () => {
    const [old, ...same] = [await store({ second: 1 }), await store({ second: 2 }), await store({ second: 2 })];
    expect(await listIds()).toEqual([...same.toSorted().toReversed(), old]);
  });

  test('are narrowed by type, status, tag and time, alone and together', async () => {
    const plain = await store({ second: 1 });
    const tagged = await store({ second: 2, tags: ['a', 'b'] });
    const failed = await store({ second: 3, failed: true, tags: ['b'] });
    const other = await store({ second: 4, jobType: 'webhook', failed: true });
    const done = await store({ second: 5, completed: true });
    expect(await listIds({ type: 'email' })).toEqual([done, failed, tagged, plain]);
    expect(await listIds({ status: 'failed' })).toEqual([other, failed]);
    expect(await listIds({ status: 'completed' })).toEqual([done]);
    expect(await listIds({ status: 'failed', type: 'webhook' })).toEqual([other]);
    expect(await listIds({ tag: 'b' })).toEqual([failed, tagged]);
    expect(await listIds({ tag: 'b', status: 'pending' })).toEqual([tagged]);
    expect(await listIds({ createdAfter: at(1), createdBefore: at(4) })).toEqual([failed, tagged]);
    expect(await listIds({ tag: 'a', createdAfter: at(2) })).toEqual([]);
  });

  test('contain each job once while new jobs arrive and old ones change', async () => {
    const ids = [];
    for (const second of [1, 2, 2, 2, 3, 4, 5]) ids.push(await store({ second }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readModel.listJobs({ limit: 2, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
      await store({ second: 100 });
      await database.query(`UPDATE jobs SET updated_at = now()`);
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test('end with a page without a cursor, also when it is full', async () => {
    await store({ second: 1 });
    await store({ second: 2 });
    expect((await readModel.listJobs({ limit: 2 })).nextCursor).toBeNull();
    expect((await readModel.listJobs({ limit: 1 })).nextCursor).toEqual(expect.any(String));
    expect(await readModel.listJobs({ limit: 2, type: 'nothing' })).toEqual({ items: [], nextCursor: null });
  });

  test.each([
    ['nothing', ''],
    ['other text', 'abc'],
    ['another encoding', Buffer.from(`${at(1)} ${randomUUID()}`).toString('base64')],
    ['no date', Buffer.from(`2026-13-01T00:00:00.000Z ${randomUUID()}`).toString('base64url')],
    ['more than a cursor', `${Buffer.from(`${at(1)} ${randomUUID()}`).toString('base64url')}!`],
    ['no id', Buffer.from(`${at(1)} ' OR 1=1`).toString('base64url')],
  ])('refuse a cursor that is %s', async (_what, cursor) => {
    await expect(readModel.listJobs({ limit: 1, cursor })).rejects.toThrow(InvalidCursorError);
  });

  test.each([0, 1_001, 1.5, Number.NaN])('refuse a limit of %s', async (limit) => {
    await expect(readModel.listJobs({ limit })).rejects.toThrow(RangeError);
  });
});

describe('plans', () => {
  const newest = 'ORDER BY created_at DESC, id DESC LIMIT 50';

  test.each([
    ['jobs_newest', `WHERE (created_at, id) < (now(), gen_random_uuid()) ${newest}`],
    ['jobs_newest_of_type', `WHERE type = 'email' ${newest}`],
    ['jobs_newest_not_completed', `WHERE status = 'failed' ${newest}`],
    ['jobs_newest_not_completed', `WHERE status = 'failed' AND type = 'email' ${newest}`],
    ['jobs_tags', `WHERE tags @> ARRAY['a'] AND tags <> '{}'`],
  ])('%s serves its query in order', async (index, query) => {
    const plan = await planOf(query);
    expect(plan).toContain(` ${index} `);
    expect(plan).not.toContain('Sort');
  });
});

describe('while Postgres is unavailable', () => {
  test('queries are rejected as unavailable, and succeed again when it is back', async () => {
    await using proxy = await startDatabaseProxy(database.url);
    const behindProxy = new ReadModel({ databaseUrl: proxy.url, name: 'test' });
    await behindProxy.start();
    await proxy.cut();
    await expect(behindProxy.ping()).rejects.toThrow(ReadModelUnavailableError);
    await expect(behindProxy.findJob(randomUUID())).rejects.toThrow(ReadModelUnavailableError);
    await proxy.heal();
    await behindProxy.ping();
    await behindProxy.stop();
  });

  test('a process can start without it and query it later', async () => {
    await using proxy = await startDatabaseProxy(database.url);
    await proxy.cut();
    const behindProxy = new ReadModel({ databaseUrl: proxy.url, name: 'test' });
    await behindProxy.start();
    await expect(behindProxy.countJobs()).rejects.toThrow(ReadModelUnavailableError);
    await proxy.heal();
    expect(await behindProxy.countJobs()).toEqual([]);
    await behindProxy.stop();
  });

  test('a query to a server that does not answer times out', async () => {
    await using proxy = await startDatabaseProxy(database.url);
    const behindProxy = new ReadModel({ databaseUrl: proxy.url, name: 'test' });
    await behindProxy.start();
    proxy.pauseDownstream();
    await expect(behindProxy.ping()).rejects.toThrow(ReadModelUnavailableError);
    await proxy.heal();
    await behindProxy.stop();
  });

  test('a query that takes too long is cancelled by Postgres', async () => {
    await database.query('BEGIN; LOCK TABLE jobs');
    await expect(database.impatient.findJob(randomUUID())).rejects.toThrow('statement timeout');
    await database.query('ROLLBACK');
    expect(await readModel.findJob(randomUUID())).toBeUndefined();
  });
});

describe('jobs of a tenant', () => {
  test('are listed, referred to and counted without those of others', async () => {
    const ours = [await store({ second: 1, tenant: 'acme' }), await store({ second: 3, tenant: 'acme', failed: true })];
    await store({ second: 2, tenant: 'globex', failed: true });
    await store({ second: 4 });
    expect(await listIds({ tenant: 'acme' })).toEqual(ours.toReversed());
    expect(await listIds({ tenant: 'acme', status: 'failed' })).toEqual([ours[1]]);
    expect(await listIds({ tenant: 'unknown' })).toEqual([]);
    expect((await readModel.findJobReferences({ tenant: 'acme', limit: 10 })).items).toHaveLength(2);
    expect(await readModel.countMatchingJobs({ tenant: 'acme' }, 10)).toBe(2);
    expect(await readModel.countJobs('acme')).toEqual([
      { type: 'email', status: 'failed', count: 1 },
      { type: 'email', status: 'pending', count: 1 },
    ]);
    expect(await readModel.countJobs()).toEqual([
      { type: 'email', status: 'failed', count: 2 },
      { type: 'email', status: 'pending', count: 2 },
    ]);
  });

  test('keep their tenant, and others have none', async () => {
    const [ours, unowned] = [await store({ second: 1, tenant: 'acme', completed: true }), await store({ second: 2 })];
    expect((await readModel.findJob(ours))?.job.tenant).toBe('acme');
    expect((await readModel.findJob(unowned))?.job).not.toHaveProperty('tenant');
  });

  test.each([
    ['', 'jobs_newest_of_tenant'],
    [`AND type = 'email'`, 'jobs_newest_of_tenant_and_type'],
    [`AND status = 'failed'`, 'jobs_newest_of_tenant_not_completed'],
    [`AND status = 'failed' AND type = 'email'`, 'jobs_newest_of_tenant_not_completed'],
  ])('are found by an index of their own: %s', async (condition, index) => {
    const where = `WHERE tenant = 'acme' ${condition} ORDER BY created_at DESC, id DESC LIMIT 50`;
    expect(await planOf(where)).toMatch(new RegExp(`${index} `));
  });
});
