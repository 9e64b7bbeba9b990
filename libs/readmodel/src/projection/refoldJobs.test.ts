import type { JobEvent } from '@jobstream/domain';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase, type MigratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { entriesWithout, readableJobs } from '../../testing/putAside.ts';
import { ProjectionFencedError } from '../errors.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import type { ReadableJob } from './refoldJobs.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(empty);

function empty(): Promise<unknown> {
  const tables = 'jobs, job_steps, job_counts, job_statistics, projection_checkpoints, quarantined_messages';
  return database.query(`TRUNCATE ${tables}`);
}

/** Two jobs, whose events take turns in the log. */
function history(): JobEvent[] {
  const [one, other] = [new JobEvents(), new JobEvents({ jobType: 'webhook' })];
  const charged = { from: 0, steps: [{ name: 'charge', durationMs: 1, result: 'paid' }] };
  const sent = { steps: [{ name: 'send', durationMs: 1, result: 'sent' }] };
  return [
    one.next('JobCreated'),
    other.next('JobCreated', { maxAttempts: 1 }),
    one.next('JobStarted'),
    other.next('JobCancelled'),
    one.next('JobRetryScheduled'),
    other.next('JobRequeued'),
    one.next('JobStarted', { attempt: 2 }),
    other.next('JobStarted'),
    one.next('JobStepsRecorded', { attempt: 2, ...charged }),
    other.next('JobStepsRecorded', charged),
    one.next('JobCompleted', { attempt: 2, result: { ok: true } }),
    other.next('JobFailed', { durationMs: 7 }),
    other.next('JobPayloadChanged', { payload: { to: 'other@example.com' } }),
    other.next('JobRequeued'),
    other.next('JobStarted'),
    other.next('JobStepsRecorded', { from: 0, ...sent }),
    other.next('JobFailed', { durationMs: 7 }),
  ];
}

async function project(entries: readonly ProjectableEntry[]): Promise<void> {
  await using projection = await openProjection(database.url);
  await projection.apply(entries);
}

async function refold(jobs: readonly ReadableJob[]): Promise<void> {
  await using projection = await openProjection(database.url);
  await projection.refold(jobs);
}

async function everything() {
  return {
    jobs: await database.query('SELECT * FROM jobs ORDER BY id'),
    counts: await database.query('SELECT * FROM job_counts WHERE count <> 0 ORDER BY type, status'),
    statistics: await database.query('SELECT * FROM job_statistics ORDER BY resolution, starts_at, type'),
    steps: await database.query('SELECT * FROM job_steps ORDER BY job_id, name'),
    quarantined: await database.query('SELECT * FROM quarantined_messages'),
  };
}

test('jobs whose events can be read now are as if they always could', async () => {
  const events = history();
  const sequences = events.map((_event, index) => index + 1);
  await project(entriesOf(events));
  const expected = await everything();
  await fc.assert(
    fc.asyncProperty(fc.subarray(sequences, { minLength: 1 }), async (chosen) => {
      const unread = new Set(chosen);
      await empty();
      await project(entriesWithout(events, unread));
      await refold(await readableJobs(events, unread));
      expect(await everything()).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('events that are put aside are found job by job, until they are read', async () => {
  const events = history();
  const unread = new Set([3, 4, 5]);
  await project(entriesWithout(events, unread));
  const [first = '', second = ''] = events
    .slice(0, 2)
    .map(({ jobId }) => jobId)
    .toSorted();
  const lowest = '00000000-0000-0000-0000-000000000000';
  {
    await using projection = await openProjection(database.url);
    const found = await projection.readPutAside(lowest, 1);
    expect(new Set(found.map(({ jobId }) => jobId))).toEqual(new Set([first]));
    const rest = await projection.readPutAside(first, 10);
    expect(new Set([...found, ...rest].map(({ sequence }) => sequence))).toEqual(unread);
    expect(await projection.readPutAside(second, 10)).toEqual([]);
  }
  await refold(await readableJobs(events, unread));
  await using projection = await openProjection(database.url);
  expect(await projection.readPutAside(lowest, 10)).toEqual([]);
});

test('what is in the log beyond the position of the table is left to the projection', async () => {
  const events = history();
  const unread = new Set([3]);
  await project(entriesWithout(events, unread).slice(0, 6));
  await refold(await readableJobs(events, unread));
  const found = await everything();
  await empty();
  await project(entriesOf(events).slice(0, 6));
  expect(found).toEqual(await everything());
});

test('a completed job that has left the table stays out of it', async () => {
  const events = history();
  const unread = new Set([5]);
  await project(entriesWithout(events, unread));
  await database.query(`DELETE FROM jobs WHERE type = 'email'; DELETE FROM job_counts WHERE type = 'email'`);
  await refold(await readableJobs(events, unread));
  const { jobs, counts, quarantined } = await everything();
  expect([jobs, counts, quarantined]).toMatchObject([[{ type: 'webhook' }], [{ type: 'webhook' }], []]);
});

test('nothing is folded anew once another writer has changed the table', async () => {
  const events = history();
  const unread = new Set([5]);
  await project(entriesWithout(events, unread));
  await using projection = await openProjection(database.url);
  await database.query('UPDATE projection_checkpoints SET generation = generation + 1');
  await expect(projection.refold(await readableJobs(events, unread))).rejects.toThrow(ProjectionFencedError);
  expect((await everything()).quarantined).toHaveLength(1);
});
