import { forEachTest } from '@jobstream/test-support';
import { assert, asyncProperty, constantFrom, subarray, tuple } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { InvalidCursorError, QueryTooExpensiveError } from '../errors.ts';
import type { ReadModel } from '../readModel.ts';
import { jobSorts, LONG_JOBS } from './jobSort.ts';
import type { JobFilter } from './jobFilter.ts';
import { pageStatement } from './jobPage.ts';
import type { JobListQuery } from './jobQueries.ts';

const database = forEachTest(migratedDatabase);
let readModel: ReadModel;

beforeEach(async () => {
  ({ readModel } = database);
  await database.query(INSERT);
});

/** Of a hundred jobs many share a time, a duration, a type, a tag. */
const INSERT = `INSERT INTO jobs (id, type, status, payload, error, attempt, max_attempts, backoff, timeout_ms, created_at,
    updated_at, started_at, finished_at, run_at, worker, tags, version, last_sequence)
  SELECT gen_random_uuid(), (ARRAY['email', 'report', 'webhook'])[1 + n % 3], status, 'null',
    CASE WHEN status = 'failed' THEN jsonb_build_object('name', 'Error' || n % 2, 'message', 'no', 'code', 'C' || n % 4) END,
    1, 5, '{"type": "fixed", "delayMs": 1}', 60000, at, at + interval '3 s',
    CASE WHEN status <> 'pending' THEN at + interval '1 s' END,
    CASE WHEN status IN ('completed', 'failed') THEN at + interval '1 s' + n % 5 * interval '25 h' END,
    CASE WHEN n % 4 = 0 THEN at END, 'worker-' || n % 3,
    (ARRAY['a', 'b', 'c'])[1 : n % 4], 3, n
  FROM (SELECT n, timestamptz '2026-01-01Z' + n / 4 * interval '1 s' AS at,
    (ARRAY['completed', 'failed', 'processing', 'pending', 'completed'])[1 + n * 7 % 5] AS status
    FROM generate_series(0, 99) n) s`;

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

/** Reads all pages, and returns the ids in their order. */
async function listAll(query: Omit<JobListQuery, 'limit' | 'cursor'>, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await readModel.listJobs({ ...query, limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

/** The same by one plain statement. */
async function idsOf(condition: string, order: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(`SELECT id FROM jobs WHERE ${condition} ORDER BY ${order}`);
  return rows.map(({ id }) => id);
}

const cases: readonly (readonly [JobFilter, string])[] = [
  [{}, 'true'],
  [{ type: ['email', 'webhook'] }, `type IN ('email', 'webhook')`],
  [{ status: ['failed', 'completed', 'processing'] }, `status IN ('failed', 'completed', 'processing')`],
  [
    { type: ['email', 'report'], status: ['failed', 'pending'] },
    `type <> 'webhook' AND status IN ('failed', 'pending')`,
  ],
  [{ type: ['email', 'email'] }, `type = 'email'`],
  [{ tag: ['a', 'b'] }, `tags @> '{a,b}'`],
  [{ tag: 'c' }, `tags @> '{c}'`],
  [{ errorName: 'Error1' }, `error->>'name' = 'Error1'`],
  [{ errorCode: 'C2', status: 'failed' }, `error->>'code' = 'C2'`],
  [{ worker: 'worker-1' }, `worker = 'worker-1'`],
  [{ createdAfter: at(3), createdBefore: at(20) }, `created_at > '${at(3)}' AND created_at < '${at(20)}'`],
  [{ updatedAfter: at(9), updatedBefore: at(20) }, `updated_at > '${at(9)}' AND updated_at < '${at(20)}'`],
  [{ startedAfter: at(9), startedBefore: at(20) }, `started_at > '${at(9)}' AND started_at < '${at(20)}'`],
  [{ finishedAfter: at(9), finishedBefore: at(20) }, `finished_at > '${at(9)}' AND finished_at < '${at(20)}'`],
  [{ runAfter: at(3), runBefore: at(20) }, `run_at > '${at(3)}' AND run_at < '${at(20)}'`],
];

function some<Value>(values: readonly Value[]) {
  return subarray([...values], { minLength: 1 });
}

function quoted(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}

const duration = 'finished_at - started_at';
const orders = {
  newest: ['true', 'created_at DESC, id DESC'],
  oldest: ['true', 'created_at, id'],
  longest: [`${duration} IS NOT NULL`, `${duration} DESC, id DESC`],
  shortest: [`${duration} IS NOT NULL`, `${duration}, id`],
  lastFinished: ['finished_at IS NOT NULL', 'finished_at DESC, id DESC'],
  firstFinished: ['finished_at IS NOT NULL', 'finished_at, id'],
} as const;

describe('lists', () => {
  test.each(cases)(
    'of %j have each job once, in the order of every sort, and are counted',
    async (filter, condition) => {
      for (const sort of jobSorts) {
        const [ofSort, order] = orders[sort];
        const expected = await idsOf(`${condition} AND ${ofSort}`, order);
        expect(expected.length).toBeGreaterThan(0);
        expect(await listAll({ ...filter, sort }, 3)).toEqual(expected);
        expect(await readModel.countMatchingJobs({ ...filter, sort }, 1_000)).toBe(expected.length);
      }
    },
  );

  test('have the jobs of any types and statuses together', async () => {
    const [types, statuses] = [
      ['email', 'report', 'webhook', 'none'],
      ['failed', 'completed', 'processing', 'pending'],
    ] as const;
    const filters = tuple(some(types), some(statuses), constantFrom(...jobSorts));
    await assert(
      asyncProperty(filters, async ([type, status, sort]) => {
        const [ofSort, order] = orders[sort];
        const condition = `type IN (${quoted(type)}) AND status IN (${quoted(status)}) AND ${ofSort}`;
        expect(await listAll({ type, status, sort }, 20)).toEqual(await idsOf(condition, order));
      }),
      { numRuns: 20 },
    );
  });

  test('refuse a cursor of another sort, and one whose value has another form', async () => {
    for (const sort of jobSorts) {
      const { nextCursor } = await readModel.listJobs({ limit: 1, sort });
      const cursor = nextCursor ?? '';
      for (const other of jobSorts.filter((one) => one !== sort)) {
        await expect(readModel.listJobs({ limit: 1, sort: other, cursor })).rejects.toThrow(InvalidCursorError);
      }
    }
    const forged = Buffer.from(`longest 1e3 ${crypto.randomUUID()}`).toString('base64url');
    await expect(readModel.listJobs({ limit: 1, sort: 'longest', cursor: forged })).rejects.toThrow(InvalidCursorError);
  });
});

test('a list or count that no index serves is refused as too expensive when it reaches the time limit', async () => {
  const { impatient } = database;
  await database.query('BEGIN; LOCK TABLE jobs');
  await Promise.all([
    expect(impatient.listJobs({ limit: 1, sort: 'longest' })).rejects.toThrow(QueryTooExpensiveError),
    expect(impatient.countMatchingJobs({ worker: 'w' }, 1)).rejects.toThrow(QueryTooExpensiveError),
    expect(impatient.listJobs({ limit: 1, type: 'email' })).rejects.toThrow('statement timeout'),
  ]);
  await database.query('ROLLBACK');
});

test('of several types and statuses no more is read than a page of each', async () => {
  await database.query('SET enable_seqscan = off');
  const { text, values } = pageStatement('id', { limit: 2, status: ['failed', 'pending', 'processing'] });
  const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    values,
  );
  const scans = scansOf(row?.['QUERY PLAN'][0].Plan);
  expect(scans.map(({ index }) => index)).toEqual(Array(3).fill('jobs_newest_not_completed'));
  expect(Math.max(...scans.map(({ rows }) => rows))).toBeLessThanOrEqual(3);
});

test('the longest jobs are read from their index, and shorter ones follow', async () => {
  const jobs = `UPDATE jobs SET started_at = created_at, finished_at = created_at + last_sequence * interval '100 ms'`;
  await database.query(`${jobs}; SET enable_seqscan = off; SET enable_bitmapscan = off`);
  const { text, values } = pageStatement('id', { limit: 2, sort: 'longest' }, [LONG_JOBS]);
  const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`;
  const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain, values);
  expect(scansOf(row?.['QUERY PLAN'][0].Plan)).toEqual([{ index: 'jobs_longest', rows: 3 }]);
  expect(await listAll({ sort: 'longest' }, 7)).toEqual(await idsOf('true', 'last_sequence DESC'));
});

test.each(['lastFinished', 'firstFinished'] as const)(
  'failed jobs are read in the order %s from an index',
  async (sort) => {
    await database.query('ANALYZE jobs; SET enable_seqscan = off; SET enable_bitmapscan = off');
    for (const type of [undefined, 'email']) {
      const { text, values } = pageStatement('id', { limit: 2, sort, status: 'failed', type });
      const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`;
      const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain, values);
      const [scan] = scansOf(row?.['QUERY PLAN'][0].Plan);
      expect(scan?.index).toBe('jobs_failures');
      expect(scan?.rows).toBeLessThan(10);
    }
  },
);

interface PlanNode {
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly Plans?: readonly PlanNode[];
}

function scansOf(node: PlanNode | undefined): { index: string; rows: number }[] {
  if (node === undefined) return [];
  const index = node['Index Name'];
  if (index !== undefined) return [{ index, rows: node['Actual Rows'] }];
  return (node.Plans ?? []).flatMap(scansOf);
}
