import { forEachTest } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { entriesWithout } from '../../testing/putAside.ts';
import { JobsOutOfStepError } from '../errors.ts';
import { PastProjection } from './pastProjection.ts';

const database = forEachTest(migratedDatabase);

async function openPast(): Promise<PastProjection> {
  const projection = await PastProjection.open(database.url);
  onTestFinished(() => projection.close());
  await projection.tryAcquire();
  return projection;
}

function rows(): Promise<object[]> {
  return database.query(
    'SELECT job_id AS id, status, since, last_sequence AS last FROM past_jobs ORDER BY first_sequence',
  );
}

async function counts(): Promise<string[]> {
  const counted = await database.readModel.countPastJobs(1_000);
  return counted.map(({ status, count }) => `${count} ${status}`);
}

test('a job that another writer creates a second time is followed as if that had not happened', async () => {
  const projection = await openPast();
  const [job, other] = [new JobEvents(), new JobEvents()];
  const created = job.next('JobCreated');
  const events = [created, job.next('JobStarted'), job.next('JobCompleted'), created, other.next('JobCreated')];
  await projection.apply(entriesOf(events.slice(0, 3)));
  await projection.apply(entriesOf(events.slice(3), 4)); // the first has ended, and is not in memory any more
  await projection.apply(entriesOf([other.next('JobStarted')], 6));
  expect(await rows()).toEqual([{ id: other.jobId, status: 'processing', since: '6', last: '6' }]);
  expect(await counts()).toEqual(['1 completed', '1 processing']);
});

test.each([
  ['at once', [8], false],
  ['one by one', [1, 2, 3, 4, 5, 6, 7, 8], false],
  ['one by one, each to a new follower', [1, 2, 3, 4, 5, 6, 7, 8], true],
  ['in two batches', [2, 8], true],
])(
  'a job that has completed has no row, and nothing that follows changes it, where its events come %s',
  async (...way) => {
    const [, ends, restarts] = way;
    const job = new JobEvents();
    const [created, started, completed] = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')];
    const carried = new JobEvents(job).next('JobCarried'); // as old as the first event
    const news = { ...completed, version: 4 };
    const events = [created, started, completed, completed, created, carried, job.next('JobCarried'), news];
    const entries = entriesWithout(events, new Set([8]));
    let projection = await openPast();
    for (const [index, end] of ends.entries()) {
      await projection.apply(entries.slice(ends[index - 1] ?? 0, end));
      if (!restarts) continue;
      await projection.close(); // and with it what is in memory
      projection = await openPast();
    }
    expect([await rows(), await counts()]).toEqual([[], ['1 completed']]);
    const { items } = await database.readModel.listPastJobs({ sequence: 8, limit: 2 });
    expect(items).toMatchObject([{ id: job.jobId, status: 'completed', firstSequence: 1 }]);
  },
);

test('a row that somebody has removed is noticed, and nothing of the batch is written', async () => {
  const projection = await openPast();
  const [job, other] = [new JobEvents(), new JobEvents()];
  await projection.apply(entriesOf([job.next('JobCreated'), other.next('JobCreated')]));
  await database.query(`DELETE FROM past_jobs WHERE job_id = '${job.jobId}'`);
  const later = entriesOf([job.next('JobStarted'), other.next('JobStarted')], 3);
  await expect(projection.apply(later)).rejects.toThrow(JobsOutOfStepError);
  expect(await rows()).toEqual([{ id: other.jobId, status: 'pending', since: '2', last: '2' }]);
  await projection.close();
  const next = await openPast();
  await next.apply(later);
  expect(await rows()).toEqual([{ id: other.jobId, status: 'processing', since: '4', last: '4' }]);
});

test('steps that were recorded behind others are followed, by the next follower, too', async () => {
  const projection = await openPast();
  const job = new JobEvents();
  await projection.apply(entriesOf([job.next('JobCreated'), job.next('JobStarted'), job.next('JobStepsRecorded')]));
  await projection.apply(entriesOf([job.next('JobStepsRecorded', { from: 1 })], 4)); // the job is in memory
  await projection.close();
  const next = await openPast();
  await next.apply(entriesOf([job.next('JobStepsRecorded', { from: 2 }), job.next('JobCompleted')], 5));
  expect([await rows(), await counts()]).toEqual([[], ['1 completed']]);
});

test('signals are read behind the batch that they came in, by the next follower, too', async () => {
  const projection = await openPast();
  const job = new JobEvents();
  const read = (from: number, name: string) =>
    job.next('JobStepsRecorded', {
      from,
      steps: [{ name: 'wait', key: name, signal: { id: name, name }, durationMs: 0 }],
    });
  const begun = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobSignalled', { name: 'approved' })];
  await projection.apply(entriesOf(begun));
  // The job is in memory.
  await projection.apply(entriesOf([read(0, 'approved'), job.next('JobSignalled', { name: 'paid' })], 4));
  await projection.close();
  const next = await openPast();
  await next.apply(entriesOf([read(1, 'paid'), job.next('JobCompleted')], 6));
  expect([await rows(), await counts()]).toEqual([[], ['1 completed']]);
});
