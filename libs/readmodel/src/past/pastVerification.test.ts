import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { type MigratedDatabase, migratedDatabase } from '../../testing/migratedDatabase.ts';
import { PastProjection } from './pastProjection.ts';
import { PastVerification } from './pastVerification.ts';
import { prunePast } from './prunePast.ts';

/** So that three events fill a chunk, which is removed as a whole. */
const STEP = 5_461;
const START_MS = Date.UTC(2026, 5, 1);

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

type Entries = ReturnType<typeof entriesOf>;

const instant = (index: number) => new Date(START_MS + index * 1_000).toISOString();

/** Jobs one after the other, every second of which ends. */
function entriesOfJobs(count: number): Entries {
  const events = Array.from({ length: count }, (_, index) => {
    const job = new JobEvents();
    const begun = [job.next('JobCreated'), job.next('JobStarted')];
    return index % 2 === 0 ? [...begun, job.next('JobCompleted')] : begun;
  }).flat();
  return events.map((event, index) => ({
    kind: 'event' as const,
    event,
    sequence: (index + 1) * STEP,
    recordedAt: instant(index),
  }));
}

const entries = entriesOfJobs(12);

beforeEach(async () => {
  const projection = await PastProjection.open(database.url);
  await projection.tryAcquire();
  await projection.clear();
  await projection.apply(entries);
  await projection.close();
});

async function compare(given: Entries = entries) {
  const check = await PastVerification.open(database.url);
  onTestFinished(() => check.close());
  return check.compare(() => check.apply(given));
}

test('tables from which old changes were removed match the whole log', async () => {
  const stop = new AbortController().signal;
  await prunePast(database.url, instant(12), stop);
  const [chunks] = await database.query<{ removed: number }>(
    'SELECT count(*)::int AS removed FROM past_counts WHERE chunk = -1',
  );
  expect(chunks?.removed).toBeGreaterThan(0);
  expect(await compare()).toEqual([]);
});

test.each([
  [
    'a sum of what was removed',
    `UPDATE past_counts SET delta = delta + 2 WHERE chunk = -1 AND status = 'processing'`,
    'past_counts',
  ],
  [
    'a job that was to stay',
    `DELETE FROM past_jobs WHERE ctid IN (SELECT ctid FROM past_jobs WHERE status = 'processing' LIMIT 1)`,
    'past_jobs',
  ],
  [
    'a change that was to stay',
    `DELETE FROM past_changes WHERE sequence = (SELECT max(sequence) FROM past_changes)`,
    'past_changes',
  ],
])('%s that differs behind them is found', async (_what, damage, table) => {
  await prunePast(database.url, instant(12), new AbortController().signal);
  await database.query(damage);
  expect(await compare()).toMatchObject([{ table }]);
});

test('tables that know more than the log still has cannot be compared', async () => {
  expect(await compare(entries.slice(3))).toBeUndefined();
});
