import type { JobEvent } from '@jobstream/domain';
import { forEachTest } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import type { Difference } from '../comparison/difference.ts';
import { JobProjection } from '../projection/jobProjection.ts';
import { retireJobs } from '../retention/retireJobs.ts';
import { TableRebuild } from '../rebuild/tableRebuild.ts';
import { TableVerification } from '../verify/tableVerification.ts';
import type { JobSearch, SearchOperator } from './searchConditions.ts';
import type { SearchPaths } from './searchPaths.ts';

const database = forEachTest(migratedDatabase);

const PATHS: SearchPaths = new Map([['order', ['customer', 'order.id', 'total', 'result:invoice']]]);
const noWait = () => Promise.resolve();

/** Everything that was projected, as the log has it. */
let log: JobEvent[] = [];

async function project(events: readonly JobEvent[], paths: SearchPaths | undefined = PATHS): Promise<void> {
  await using projection = await openProjection(database.url, paths);
  if (projection.lastSequence === 0) log = [];
  await projection.apply(entriesOf(events, projection.lastSequence + 1));
  log.push(...events);
}

function created(payload: unknown, { jobType = 'order', tenant }: { jobType?: string; tenant?: string } = {}) {
  const job = new JobEvents({ jobType });
  return { job, event: job.next('JobCreated', { payload }, tenant === undefined ? {} : { tenant }) };
}

/** Stores a job; returns its id. */
async function store(payload: unknown, options: { jobType?: string; tenant?: string } = {}): Promise<string> {
  const { job, event } = created(payload, options);
  await project([event]);
  return job.jobId;
}

async function find(path: string, operator: SearchOperator, value: string, tenant?: string): Promise<string[]> {
  return findAll([{ path, operator, value }], tenant);
}

async function findAll(search: readonly JobSearch[], tenant?: string): Promise<string[]> {
  const { items } = await database.readModel.listJobs({ limit: 100, type: 'order', search, tenant });
  return items.map(({ id }) => id);
}

function valuesOf(schema = 'public') {
  return database.query(`SELECT job_id, path, value FROM ${schema}.job_search ORDER BY 1, 2`);
}

describe('values', () => {
  test('of named paths are found by equality, also in nested objects and of other kinds', async () => {
    const one = await store({ customer: 'ACME', order: { id: 17 }, total: true });
    const other = await store({ customer: 'Globex', order: { id: '17' }, other: 'ACME' });
    await store({ customer: ['ACME'], order: null, total: { customer: 'ACME' } });
    await store({ customer: 'ACME' }, { jobType: 'email' });
    expect(await find('customer', '=', 'ACME')).toEqual([one]);
    expect((await find('order.id', '=', '17')).toSorted()).toEqual([one, other].toSorted());
    expect(await find('total', '=', 'true')).toEqual([one]);
    expect(await find('other', '=', 'ACME')).toEqual([]);
    expect(
      await findAll([
        { path: 'order.id', operator: '=', value: '17' },
        { path: 'customer', operator: '=', value: 'Globex' },
      ]),
    ).toEqual([other]);
  });

  test('are compared as numbers where both are, and as texts else', async () => {
    const [nine, ten, text] = [await store({ total: 9.5 }), await store({ total: 1e1 }), await store({ total: 'b' })];
    expect(await find('total', '>=', '9.75')).toEqual([ten]);
    expect(await find('total', '<=', '9.75')).toEqual([nine]);
    expect(await find('total', '>=', 'a')).toEqual([text]);
    expect(await find('total', '^=', '1')).toEqual([ten]);
  });

  test('that no text column takes, and names of inherited fields, do no harm', async () => {
    const odd = await store({ customer: '\0 \ud800 "\\' });
    expect(await find('customer', '=', '\0 \ud800 "\\')).toEqual([odd]);
    await store({ customer: 'x'.repeat(257) });
    expect(await find('customer', '^=', 'x')).toEqual([]);
    await project(
      [created({}).event, created(null).event, created('text').event],
      new Map([['order', ['toString', 'length']]]),
    );
    expect(await valuesOf()).toHaveLength(1);
  });

  test('of a tenant are found by that tenant alone', async () => {
    const [ours, theirs] = [
      await store({ customer: 'A' }, { tenant: 'acme' }),
      await store({ customer: 'A' }, { tenant: 'globex' }),
    ];
    expect(await find('customer', '=', 'A', 'acme')).toEqual([ours]);
    expect((await find('customer', '=', 'A')).toSorted()).toEqual([ours, theirs].toSorted());
  });

  test('of a result are found from its completion on', async () => {
    const { job, event } = created({ customer: 'A' });
    await project([event]);
    await project([job.next('JobStarted'), job.next('JobCompleted', { result: { invoice: 'R-1' } })]);
    expect(await find('result:invoice', '=', 'R-1')).toEqual([job.jobId]);
    expect(await find('customer', '=', 'A')).toEqual([job.jobId]);
  });

  test('of a changed payload replace those of the one before it, and leave those of the result', async () => {
    const { job, event } = created({ customer: 'A', total: 1 });
    await project([event, job.next('JobStarted'), job.next('JobFailed')]);
    await project([job.next('JobPayloadChanged', { payload: { customer: 'B' } })]);
    expect(await find('customer', '=', 'B')).toEqual([job.jobId]);
    expect(await find('customer', '=', 'A')).toEqual([]);
    expect(await find('total', '=', '1')).toEqual([]);
    await project([job.next('JobRequeued'), job.next('JobStarted')]);
    await project([job.next('JobCompleted', { result: { invoice: 'R-1' } })]);
    expect((await valuesOf()).map((row) => row['path'])).toEqual(['customer', 'result:invoice']);
  });

  test('that are encrypted are not stored', async () => {
    await store({ $jwe: 'eyJhbGciOiJkaXIifQ..x' });
    expect(await valuesOf()).toEqual([]);
  });
});

test('pages of a search have each job once, in the order of every sort', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) ids.push(await store({ customer: 'A', total: n }));
  for (const sort of ['newest', 'oldest'] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const search = [{ path: 'customer', operator: '=', value: 'A' }] as const;
      const page = await database.readModel.listJobs({ limit: 2, type: 'order', search, sort, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const direction = sort === 'newest' ? 'DESC' : 'ASC';
    const rows = await database.query<{ id: string }>(
      `SELECT id FROM jobs ORDER BY created_at ${direction}, id ${direction}`,
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
  }
  const counted = await database.readModel.countMatchingJobs(
    { search: [{ path: 'total', operator: '>=', value: '5' }] },
    10,
  );
  expect(counted).toBe(2);
});

test('a search by equality is read from the index, in its order', async () => {
  await database.query('SET enable_seqscan = off; SET enable_sort = off');
  const text = `EXPLAIN SELECT jobs.id FROM job_search AS found JOIN jobs ON jobs.id = found.job_id
    WHERE found.job_type = 'order' AND found.path = 'customer' AND found.value = 'A'
    ORDER BY found.job_created_at DESC, found.job_id DESC LIMIT 51`;
  const plan = (await database.query<{ 'QUERY PLAN': string }>(text)).map((line) => line['QUERY PLAN']).join('\n');
  expect(plan).toContain('Index Only Scan using job_search_values');
  expect(plan).not.toContain('Sort');
});

test('nothing is written for types that name no path, and a projection without paths keeps those there are', async () => {
  await store({ customer: 'A' });
  expect(await database.readModel.readSearchPaths()).toEqual(
    new Map([['order', [...(PATHS.get('order') ?? [])].toSorted()]]),
  );
  await using again = await openProjection(database.url);
  await again.apply(entriesOf([created({ customer: 'B' }).event], again.lastSequence + 1));
  expect(await find('customer', '=', 'B')).toHaveLength(1);
  await again.close();
  await project([created({ customer: 'C' }).event], new Map());
  expect(await database.readModel.readSearchPaths()).toEqual(new Map());
  expect(await find('customer', '=', 'C')).toEqual([]);
});

test('a projection whose paths cannot be stored does not begin', async () => {
  await database.query(`ALTER TABLE search_paths ADD CHECK (path <> 'total')`);
  const projection = await JobProjection.open(database.url, undefined, PATHS);
  await expect(projection.tryAcquire()).rejects.toThrow('violates check constraint');
  await projection.close();
});

test('jobs that leave the table take their values with them', async () => {
  const { job, event } = created({ customer: 'A' });
  await project([event, job.next('JobStarted'), job.next('JobCompleted')]);
  const kept = await store({ customer: 'A' });
  await retireJobs(database.url, '2030-01-01T00:00:00.000Z', new AbortController().signal);
  expect(await valuesOf()).toEqual([{ job_id: kept, path: 'customer', value: 'A' }]);
});

async function verify(check: TableVerification): Promise<Difference[]> {
  const snapshot = await check.tables.snapshot(noWait);
  const found: Difference[] = [];
  for await (const { differences } of snapshot.compare('jobstream_verify', [])) found.push(...differences);
  await snapshot.close();
  return found;
}

describe('second tables', () => {
  test('of a verification find values that are missing, extra or different, and repair them', async () => {
    const [one, two, three] = [
      await store({ customer: 'A' }),
      await store({ customer: 'B' }),
      await store({ customer: 'C' }),
    ];
    const before = await valuesOf();
    const check = await TableVerification.open(database.url);
    await check.tables.apply(entriesOf(log));
    expect(await verify(check)).toEqual([]);
    await database.query(`DELETE FROM job_search WHERE job_id = $1`, [one]);
    await database.query(`UPDATE job_search SET value = 'X' WHERE job_id = $1`, [two]);
    await database.query(`INSERT INTO job_search VALUES ($1, 'other', 'order', 'x', now())`, [three]);
    const differences = await verify(check);
    expect(differences).toHaveLength(3);
    expect(differences).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ table: 'job_search', key: one, problem: 'missing' }),
        expect.objectContaining({ table: 'job_search', key: two, problem: 'different' }),
        expect.objectContaining({ table: 'job_search', key: three, problem: 'different' }),
      ]),
    );
    await check.markForRepair(differences);
    expect(await check.repairSome(noWait)).toBe(3);
    expect(await valuesOf()).toEqual(before);
    await check.close();
  });

  test('of a rebuild are searchable by the paths as they are now', async () => {
    const id = await store({ customer: 'A', kind: 'x' });
    await project([created({ customer: 'B' }).event], new Map([['order', ['kind']]]));
    const rebuild = await TableRebuild.open(database.url, 'rebuild');
    await rebuild.tables.apply(entriesOf(log));
    await rebuild.tables.complete(noWait, new AbortController().signal);
    expect(await rebuild.swap(noWait, { force: false })).toEqual([]);
    await rebuild.close();
    expect(await valuesOf()).toEqual([{ job_id: id, path: 'kind', value: 'x' }]);
    expect(await find('kind', '=', 'x')).toEqual([id]);
  });
});
