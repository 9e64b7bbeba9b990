import { expect, onTestFinished, test } from 'vitest';
import { forEachTest } from '@jobstream/test-support';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { undoMigrations } from '../../testing/undoMigrations.ts';
import { migrate } from '../postgres/migrate.ts';
import { PastProjection } from './pastProjection.ts';
import { PastVerification } from './pastVerification.ts';
import { prunePast } from './prunePast.ts';

const database = forEachTest(migratedDatabase);

/** A job that has completed, one that runs, and between them so many events that the first is in a chunk of its own. */
function someJobs() {
  const [ended, open] = [new JobEvents(), new JobEvents()];
  const envelope = { tenant: 'acme' };
  const life = [
    ended.next('JobCreated', { tags: ['a'] }, envelope),
    ended.next('JobStarted', {}, envelope),
    ended.next('JobCompleted', {}, envelope),
  ];
  const entries = [...entriesOf(life), ...entriesOf([open.next('JobCreated'), open.next('JobStarted')], 20_000)];
  return { ended: ended.jobId, open: open.jobId, entries };
}

/** A job that has completed as an earlier release left it: with a row in `past_jobs`. */
async function followedByAnEarlierRelease() {
  const jobs = someJobs();
  const projection = await PastProjection.open(database.url);
  onTestFinished(() => projection.close());
  await projection.tryAcquire();
  await projection.apply(jobs.entries);
  await database.query(`INSERT INTO past_jobs (job_id, first_sequence, type, tenant, tags, status, since, version, attempt, max_attempts)
    SELECT job_id, first_sequence, type, tenant, tags, status, sequence, 3, 1, 3 FROM past_changes WHERE status = 'completed'`);
  return { ...jobs, projection };
}

test.each([
  ['no condition', {}],
  ['a type', { type: ['email'] }],
  ['a status', { status: ['completed', 'failed'] as const }],
  ['a tenant', { tenant: 'acme' }],
  ['a tag', { tag: ['a'] }],
])('a job that had completed before past_jobs lost such jobs is listed once, by %s', async (_what, conditions) => {
  const { ended } = await followedByAnEarlierRelease();
  const list = async (sequence: number) =>
    (await database.readModel.listPastJobs({ ...conditions, sequence, limit: 10 })).items;
  const found = (await list(20_001)).filter(({ id }) => id === ended);
  expect(found).toMatchObject([{ status: 'completed', firstSequence: 1 }]);
  const before = (await list(2)).map(({ id, status }) => ({ id, status }));
  expect(before).toEqual('status' in conditions ? [] : [{ id: ended, status: 'processing' }]);
});

test('rows of such jobs match the log, change no more, and leave with their changes', async () => {
  const { ended, open, entries, projection } = await followedByAnEarlierRelease();
  await projection.apply(entriesOf([new JobEvents({ jobId: ended }).next('JobCreated')], 20_002));
  const check = await PastVerification.open(database.url);
  onTestFinished(() => check.close());
  await check.apply(entries);
  const second = entriesOf([new JobEvents({ jobId: ended }).next('JobCreated')], 20_002);
  expect(await check.compare(() => check.apply(second))).toEqual([]);
  const limits = { before: '2026-02-01T00:00:00.000Z', forgottenBefore: 0 };
  await prunePast(database.url, limits, new AbortController().signal);
  expect(await database.query('SELECT job_id AS id FROM past_jobs')).toEqual([{ id: open }]);
  expect(await database.readModel.countPastJobs(20_002)).toEqual([{ type: 'email', status: 'processing', count: 1 }]);
});

const POSITIONS = 'SELECT last_sequence AS position FROM past_checkpoint';

test('past states in which a job has begun twice are built anew after the migration, others are kept', async () => {
  const { projection, open } = await followedByAnEarlierRelease();
  await projection.close();
  await database.query(undoMigrations('0043'));
  await migrate(database.url);
  expect(await database.query(POSITIONS)).toEqual([{ position: '20001' }]);
  await database.query(undoMigrations('0043'));
  await database.query(`INSERT INTO past_changes (sequence, at, job_id, first_sequence, type, tags, status)
    VALUES (30000, now(), '${open}', 30000, 'email', '{}', 'pending')`);
  await migrate(database.url);
  expect(await database.query(POSITIONS)).toEqual([]);
  expect(await database.query('SELECT FROM past_changes')).toEqual([]);
});
