/** @module-tag exact */
import { evolve, foldSteps, type JobEvent, type JobState, type LoggedEvent } from '@jobstream/domain';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arbitraryHistory } from '../../testing/arbitraryHistory.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase, type MigratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

/** The steps of the job as its history makes them. */
function stepsOf(history: readonly JobEvent[]): ReturnType<typeof foldSteps> {
  let job: JobState;
  const changes: LoggedEvent[] = [];
  for (const event of history) {
    const after = evolve(job, event);
    if (after !== job) changes.push(event);
    job = after;
  }
  return foldSteps(changes);
}

const sorted = (steps: ReturnType<typeof foldSteps>) =>
  steps.toSorted((one, other) => (`${one.name} ${one.key}` < `${other.name} ${other.key}` ? -1 : 1));

async function project(events: readonly JobEvent[], size: number): Promise<void> {
  await database.query(
    'TRUNCATE jobs, job_steps, job_counts, job_statistics, projection_checkpoints, quarantined_messages',
  );
  const entries = entriesOf(events);
  await using projection = await openProjection(database.url);
  for (let from = 0; from < entries.length; from += size) await projection.apply(entries.slice(from, from + size));
}

test('the rows of steps are those of the fold, for any history and any batches', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, fc.integer({ min: 1, max: 9 }), async (history, size) => {
      await project(history, size);
      for (const [jobId, events = []] of Map.groupBy(history, (event) => event.jobId))
        expect(sorted(await database.readModel.readSteps(jobId))).toStrictEqual(sorted(stepsOf(events)));
    }),
    { numRuns: 40 },
  );
});

test.each([1, 2, 9])('of a step that is recorded again the last counts, in batches of %i', async (size) => {
  const job = new JobEvents();
  const charge = (from: number, attempt: number, outcome: object) =>
    job.next('JobStepsRecorded', { from, attempt, steps: [{ name: 'charge', durationMs: 1, ...outcome }] });
  const error = { name: 'Error', message: 'no' };
  const events = [
    job.next('JobCreated'),
    job.next('JobStarted'),
    charge(0, 1, { error }),
    job.next('JobRetryScheduled'),
    job.next('JobStarted', { attempt: 2 }),
    charge(1, 2, { result: null }),
  ];
  await project(events, size);
  const { at } = events.at(-1) as JobEvent;
  const charged = { name: 'charge', durationMs: 1, result: null, attempt: 2, at };
  expect(await database.readModel.readSteps(job.jobId)).toStrictEqual([charged]);
  expect((await database.readModel.findJob(job.jobId))?.job).toMatchObject({ stepsRecorded: 2 });
});

/** How many steps a job has left whose payload was changed. */
const left = async (keepSteps: boolean) => {
  const job = new JobEvents();
  const names = ['JobCreated', 'JobStarted', 'JobStepsRecorded', 'JobFailed'] as const;
  const events = [...names.map((name) => job.next(name)), job.next('JobPayloadChanged', { keepSteps })];
  await project(events, 2);
  return (await database.readModel.readSteps(job.jobId)).length;
};

test('another payload removes them, unless it keeps them', async () => {
  expect([await left(true), await left(false)]).toEqual([1, 0]);
});
