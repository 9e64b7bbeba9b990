import { forEachTest } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
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
  expect(await rows()).toEqual([
    { id: job.jobId, status: 'completed', since: '3', last: '3' },
    { id: other.jobId, status: 'processing', since: '6', last: '6' },
  ]);
  expect(await counts()).toEqual(['1 completed', '1 processing']);
});

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
  expect(await rows()).toEqual([{ id: job.jobId, status: 'completed', since: '6', last: '6' }]);
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
  expect(await rows()).toEqual([{ id: job.jobId, status: 'completed', since: '7', last: '7' }]);
});
