import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { TableVerification } from './tableVerification.ts';

const SECOND_INDEXES = `SELECT indexname FROM pg_indexes WHERE schemaname = 'jobstream_verify' AND indexname = 'jobs_completed'`;
const CONNECTIONS = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'jobstream-rebuild' ORDER BY pid`;
const ANALYZED = `SELECT FROM pg_class WHERE oid = 'jobstream_verify.jobs'::regclass AND reltuples >= 0`;

test('tables that are compared have the index by which old jobs leave them, from the first step on', async () => {
  await using database = await migratedDatabase();
  const entries = entriesOf([new JobEvents().next('JobCreated')]);
  await using projection = await openProjection(database.url);
  await projection.apply(entries);
  const check = await TableVerification.open(database.url);
  await check.tables.apply(entries);
  const found = () =>
    check.tables.atLivePosition(
      () => Promise.resolve(),
      async () => (await database.query(SECOND_INDEXES)).length,
    );
  expect(await found()).toBe(0);
  await database.query('UPDATE projection_checkpoints SET retired_before = now()');
  expect(await found()).toBe(1);
  expect(await found()).toBe(1);
  expect(await database.query(ANALYZED)).toHaveLength(1);
  await check.close();
});

const gone = () => Promise.reject(new Error('the log is gone'));

test('a snapshot that fails has closed its connection', async () => {
  await using database = await migratedDatabase();
  await using projection = await openProjection(database.url);
  await projection.apply(entriesOf([new JobEvents().next('JobCreated')]));
  const check = await TableVerification.open(database.url);
  const before = await database.query(CONNECTIONS);
  await expect(check.tables.snapshot(gone)).rejects.toThrow('the log is gone');
  expect(await database.query(CONNECTIONS)).toEqual(before);
  await check.close();
});
