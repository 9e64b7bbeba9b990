import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { undoMigrations } from '../../testing/undoMigrations.ts';
import { migrate } from '../postgres/migrate.ts';

const database = forEachTest(migratedDatabase);

/** As it was before the migration that records gaps. */
const TAKE_BACK = undoMigrations('0009');

/** As a release without statistics left it. */
const TAKE_STATISTICS_BACK = undoMigrations('0005');

async function project(at?: string): Promise<void> {
  await using projection = await openProjection(database.url);
  const created = new JobEvents().next('JobCreated', {}, at === undefined ? {} : { at });
  await projection.apply(entriesOf([created], projection.lastSequence + 1));
}

async function incompleteBefore(): Promise<number> {
  const [from, to] = ['2020-01-01T00:00:00Z', '2020-01-02T00:00:00Z'];
  const page = await database.readModel.readStatistics({ resolution: 'day', from, to });
  return Date.parse(page.incompleteBefore ?? '');
}

test('statistics that were added to a table with jobs are incomplete before their migration', async () => {
  await project();
  await database.query(TAKE_STATISTICS_BACK);
  const before = Date.now();
  await migrate(database.url);
  expect(await incompleteBefore()).toBeGreaterThan(before - 1_000);
  await project(); // what is projected later is counted
  expect(await incompleteBefore()).toBeLessThan(Date.now());
});

/** As if statistics had been added on 4 March. */
const ADDED_LATER = `UPDATE schema_migrations
  SET run_on = CASE WHEN name < '0005' THEN '2026-03-03'::timestamp ELSE '2026-03-04'::timestamp END`;

test.each([
  ['on the same day', undefined, 2],
  ['much earlier, of which most have been deleted', '2020-05-05T05:05:05Z', 1],
])(
  'statistics that an earlier release added to a table with jobs %s are incomplete as well',
  async (_when, at, count) => {
    await project(at);
    await database.query('DELETE FROM job_statistics');
    await project();
    await database.query(`UPDATE job_counts SET count = ${count}; ${ADDED_LATER}; ${TAKE_BACK}`);
    await migrate(database.url);
    expect(await incompleteBefore()).toBe(Date.parse('2026-03-04T00:00:00Z'));
  },
);

test('statistics that have all jobs are complete, whenever their table was made', async () => {
  await project('2020-05-05T05:05:05Z');
  await project();
  await database.query(TAKE_BACK);
  await migrate(database.url);
  expect(await incompleteBefore()).toBeNaN();
});

test('statistics of a new database are complete', async () => {
  expect(await incompleteBefore()).toBeNaN();
});
