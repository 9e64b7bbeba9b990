import type { JobEvent } from '@jobstream/domain';
import { forEachTest } from '@jobstream/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ReadModel } from '../readModel.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import type { StatisticsPage } from './readStatistics.ts';
import type { Resolution } from './statisticsPeriod.ts';

const MINUTE_MS = 60_000;
/** In the middle of an hour, so that a few minutes more are the same hour and day. */
const noon = `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T12:10:00.000Z`;
const instant = Date.parse(noon);

const database = forEachTest(migratedDatabase);
let readModel: ReadModel;

beforeEach(() => {
  ({ readModel } = database);
});

function after(ms: number): Partial<JobEvent> {
  return { at: new Date(instant + ms).toISOString() };
}

/** Two attempts: 40 s of waiting, a retry for a minute later that starts 2 s late, and 100 ms of work. */
function lifeOf(job: JobEvents): JobEvent[] {
  const retryAt = new Date(instant + 2 * MINUTE_MS).toISOString();
  return [
    job.next('JobCreated', {}, after(0)),
    job.next('JobStarted', {}, after(40_000)),
    job.next('JobRetryScheduled', { retryAt }, after(MINUTE_MS)),
    job.next('JobStarted', { attempt: 2 }, after(2 * MINUTE_MS + 2_000)),
    job.next('JobCompleted', { attempt: 2, durationMs: 100 }, after(2 * MINUTE_MS + 2_100)),
  ];
}

async function project(batches: readonly (readonly JobEvent[])[]): Promise<void> {
  await using projection = await openProjection(database.url);
  let sequence = projection.lastSequence + 1;
  for (const batch of batches) {
    await projection.apply(entriesOf(batch, sequence));
    sequence += batch.length;
  }
}

async function projectOld(): Promise<void> {
  await project([[new JobEvents().next('JobCreated', {}, { at: '2020-05-05T05:05:05Z' })]]);
}

async function insertOldHour(): Promise<void> {
  await database.query(`INSERT INTO job_statistics
    SELECT 'hour', starts_at, type, tenant, 1, 1, 1, 1, '{}', '{}' FROM job_statistics`);
}

function resolutions(): Promise<object[]> {
  return database.query('SELECT resolution FROM job_statistics ORDER BY 1');
}

function read(resolution: Resolution): Promise<StatisticsPage> {
  const [from, to] = [new Date(instant - 86_400_000).toISOString(), new Date(instant + 86_400_000).toISOString()];
  return readModel.readStatistics({ resolution, from, to });
}

function minute(number: number): object {
  const none = { created: 0, completed: 0, failed: 0, retried: 0 };
  return { ...none, type: 'email', startsAt: after(number * MINUTE_MS).at };
}

describe('statistics', () => {
  test('count what happened in each minute, and how long jobs waited and ran', async () => {
    await project([lifeOf(new JobEvents())]);
    const { periods, durations } = await read('minute');
    expect(periods).toEqual([
      { ...minute(0), created: 1 },
      { ...minute(1), retried: 1 },
      { ...minute(2), completed: 1 },
    ]);
    // The buckets of 100 ms, and of 40 s and 2 s.
    expect(durations).toEqual([{ type: 'email', runTimes: { 47: 1 }, waitTimes: { 106: 1, 76: 1 } }]);
  });

  test('count how long the last attempt of a failed job ran, where its worker says so', async () => {
    const failedJobs = [{ durationMs: 100 }, {}].map((data) => {
      const job = new JobEvents();
      const [created, started] = [job.next('JobCreated', {}, after(0)), job.next('JobStarted', {}, after(0))];
      return [created, started, job.next('JobFailed', data, after(100))];
    });
    await project(failedJobs);
    const { periods, durations } = await read('minute');
    expect(periods).toEqual([{ ...minute(0), created: 2, failed: 2 }]);
    expect(durations).toMatchObject([{ type: 'email', runTimes: { 47: 1 } }]);
  });

  test.each(['hour', 'day'] as const)('are the same summed up by %s', async (resolution) => {
    await project([lifeOf(new JobEvents())]);
    const { periods, durations } = await read(resolution);
    expect(periods).toMatchObject([{ created: 1, completed: 1, failed: 0, retried: 1 }]);
    expect(durations).toEqual((await read('minute')).durations);
  });

  test('are the same whatever the batches, and not changed by what cannot follow on the state of a job', async () => {
    const [one, other] = [new JobEvents(), new JobEvents()];
    const events = [...lifeOf(one), ...lifeOf(other), one.next('JobCompleted', { attempt: 2 }, after(0))];
    await project(events.map((event) => [event]));
    const apart = [await read('minute'), await read('day')];
    await database.query('TRUNCATE jobs, job_counts, job_statistics, projection_checkpoints');
    await project([events]);
    expect([await read('minute'), await read('day')]).toEqual(apart);
    expect(apart[1]?.periods).toMatchObject([{ created: 2, completed: 2 }]);
  });

  test('of a tenant leave out those of others', async () => {
    const [acme, other] = ['acme', 'other'].map((tenant) => new JobEvents().next('JobCreated', {}, { tenant }));
    await project([[acme, other, new JobEvents().next('JobCreated')].filter((event) => event !== undefined)]);
    const from = '2026-01-01T00:00:00Z';
    const query = { resolution: 'day', from, to: '2026-01-02T00:00:00Z' } as const;
    expect((await readModel.readStatistics({ ...query, tenant: 'acme' })).periods).toMatchObject([{ created: 1 }]);
    expect((await readModel.readStatistics(query)).periods).toMatchObject([{ created: 3 }]);
  });

  test('of minutes and hours that are too old are neither made nor kept', async () => {
    await projectOld();
    expect(await resolutions()).toEqual([{ resolution: 'day' }]);
    await insertOldHour();
    await project([[new JobEvents().next('JobProgressed')]]);
    expect(await resolutions()).toEqual([{ resolution: 'day' }]);
  });

  test('of hours that are too old go with the next batch when Postgres refuses the one that they were to go with', async () => {
    await projectOld();
    await insertOldHour();
    await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    await project([[new JobEvents({ jobType: 'poison' }).next('JobCreated')]]);
    expect(await resolutions()).toEqual([{ resolution: 'day' }]);
  });
});
