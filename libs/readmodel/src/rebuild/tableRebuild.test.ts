import { Client } from 'pg';
import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { ProjectionFencedError } from '../errors.ts';
import { JobProjection } from '../projection/jobProjection.ts';
import type { ProjectableEntry } from '../projection/projectableEntry.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { cancelRebuild } from './cancelRebuild.ts';
import type { AdvanceTo } from '../secondTables/withTablesHeld.ts';
import { RebuildRefusedError, TablesBusyError } from '../errors.ts';
import type { RebuildKind } from './rebuildState.ts';
import { retireJobs } from '../retention/retireJobs.ts';
import { TableVerification } from '../verify/tableVerification.ts';
import { TableRebuild } from './tableRebuild.ts';

const database = forEachTest(migratedDatabase);

const asIs: AdvanceTo = () => Promise.resolve();
const never: AdvanceTo = (_, giveUp) =>
  new Promise((_resolve, reject) => giveUp.addEventListener('abort', () => reject(new Error('given up'))));

async function openRebuild(kind: RebuildKind = 'rebuild'): Promise<TableRebuild & AsyncDisposable> {
  const rebuild = await TableRebuild.open(database.url, kind);
  await rebuild.tables.complete(() => Promise.resolve(), new AbortController().signal);
  return Object.assign(rebuild, { [Symbol.asyncDispose]: () => rebuild.close() });
}

function entriesOfNewJob(from: number): ProjectableEntry[] {
  return entriesOf([new JobEvents().next('JobCreated')], from);
}

async function projectLive(entries: readonly ProjectableEntry[]): Promise<void> {
  await using projection = await openProjection(database.url);
  await projection.apply(entries);
}

async function countRows(table: string): Promise<number> {
  const rows = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return rows[0]?.count ?? 0;
}

test('a projector whose tables were swapped is fenced, so that it reads them afresh', async () => {
  await using projection = await openProjection(database.url);
  await using rebuild = await openRebuild();
  const first = entriesOfNewJob(1);
  await projection.apply(first);
  await rebuild.tables.apply(first);
  expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
  await expect(projection.apply(entriesOfNewJob(2))).rejects.toThrow(ProjectionFencedError);
  expect(await countRows('jobs')).toBe(1);
});

test('the projector waits while the tables are held, and goes on when nothing was swapped', async () => {
  await using projection = await openProjection(database.url);
  await using rebuild = await openRebuild();
  const events: string[] = [];
  const failing = rebuild.tables.atLivePosition(
    async () => {
      const applied = projection.apply(entriesOfNewJob(1)).then(() => events.push('projected'));
      await expect
        .poll(() =>
          database.query(
            `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE projection%'`,
          ),
        )
        .toHaveLength(1);
      events.push('held');
      void applied;
    },
    () => Promise.reject(new Error('changed my mind')),
  );
  await expect(failing).rejects.toThrow('changed my mind');
  await expect.poll(() => events).toEqual(['held', 'projected']);
});

test('a swap does not wait long for a session that reads in a transaction: others would queue behind it', async () => {
  const reader = new Client({ connectionString: database.url });
  await reader.connect();
  try {
    await reader.query('BEGIN; SELECT FROM jobs');
    await using rebuild = await openRebuild();
    await expect(rebuild.swap(asIs, { force: false })).rejects.toThrow(TablesBusyError);
    await reader.query('COMMIT');
    expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
  } finally {
    await reader.end();
  }
});

test('a swap waits for a verification without keeping anybody waiting', async () => {
  await using rebuild = await openRebuild();
  const check = await TableVerification.open(database.url);
  await expect(rebuild.swap(asIs, { force: false })).rejects.toThrow('a verification is comparing them');
  await check.close();
  expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
});

test('what is compared stays the same while a swap is tried', async () => {
  await using rebuild = await openRebuild();
  const snapshot = await rebuild.tables.snapshot(asIs);
  await expect(rebuild.swap(asIs, { force: false })).rejects.toThrow(TablesBusyError);
  await snapshot.close();
  expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
});

test('what takes too long to bring the tables to one position leaves them as they were', async () => {
  await using rebuild = await openRebuild();
  await expect(rebuild.swap(never, { force: false })).rejects.toThrow(TablesBusyError);
  expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
});

test('tables that were not brought to the position of the live ones are not swapped, even by force', async () => {
  await projectLive(entriesOfNewJob(1));
  await using rebuild = await openRebuild();
  await expect(rebuild.swap(asIs, { force: true })).rejects.toThrow('at sequence 0 instead of 1');
  expect(await countRows('jobs')).toBe(1);
});

test('counts that differ keep the tables from being swapped', async () => {
  await projectLive(entriesOfNewJob(1));
  await using rebuild = await openRebuild();
  await rebuild.tables.apply([{ kind: 'other', sequence: 1 }]);
  expect(await rebuild.swap(asIs, { force: false })).toMatchObject([{ table: 'job_counts', live: '1', log: '0' }]);
  expect(await countRows('jobs')).toBe(1);
});

test('an old job that reaches only the new tables in the last moment is removed before they are swapped', async () => {
  const job = new JobEvents();
  const life = entriesOf([job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')]);
  await projectLive(life);
  await retireJobs(database.url, '2026-06-01T00:00:00Z', new AbortController().signal);
  await using rebuild = await openRebuild();
  const advanceTo: AdvanceTo = async () => void (await rebuild.tables.apply(life));
  await expect(rebuild.swap(advanceTo, { force: true })).rejects.toThrow('old jobs are being removed');
  expect(await countRows('jobstream_next.jobs')).toBe(1);
  expect(await rebuild.swap(asIs, { force: true })).toEqual([]);
  expect(await countRows('jobs')).toBe(0);
});

test('second tables that are gone do not make their writer write the live ones', async () => {
  await using rebuild = await openRebuild();
  await database.query('DROP SCHEMA jobstream_next CASCADE');
  await expect(rebuild.tables.apply(entriesOfNewJob(1))).rejects.toThrow('does not exist');
  expect(await countRows('jobs')).toBe(0);
  expect(await countRows('job_counts')).toBe(0);
});

test('a second writer of the second tables is refused', async () => {
  await using _rebuild = await openRebuild();
  const other = await JobProjection.open(database.url, 'jobstream_next');
  expect(await other.tryAcquire()).toBe(false);
  await other.close();
});

const MIGRATIONS = [
  'ALTER TABLE jobs ADD COLUMN later text',
  'ALTER TABLE jobs SET (fillfactor = 50)',
  'ALTER TABLE jobs ADD CONSTRAINT later CHECK (attempt >= 0)',
];

test.each(MIGRATIONS)('earlier tables cannot be rolled back to after %s', async (migration) => {
  {
    await using rebuild = await openRebuild();
    await rebuild.swap(asIs, { force: false });
  }
  await database.query(migration);
  await expect(openRebuild('rollback')).rejects.toThrow(RebuildRefusedError);
  expect(await cancelRebuild(database.url)).toBeUndefined();
  expect(await countRows('jobstream_previous.jobs')).toBe(0);
});

test.each(MIGRATIONS)('tables are not swapped after %s in the last moment', async (migration) => {
  await using rebuild = await openRebuild();
  await database.query(migration);
  await expect(rebuild.swap(asIs, { force: true })).rejects.toThrow(RebuildRefusedError);
});

test('tables without an index that a migration has made meanwhile are swapped when they have it as well', async () => {
  {
    await using rebuild = await openRebuild();
    await database.query('CREATE INDEX later ON jobs (worker)');
    await expect(rebuild.swap(asIs, { force: true })).rejects.toThrow('the new tables lack later');
  }
  await using rebuild = await openRebuild();
  expect(rebuild.resumed).toBe(true);
  expect(await rebuild.swap(asIs, { force: false })).toEqual([]);
  expect(
    await database.query(`SELECT FROM pg_indexes WHERE schemaname = 'public' AND indexname = 'later'`),
  ).toHaveLength(1);
});
