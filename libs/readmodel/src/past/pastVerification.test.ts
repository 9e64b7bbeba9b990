import type { JobEvent } from '@jobstream/domain';
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
function entriesOfJobs(count: number, end: 'JobCompleted' | 'JobFailed' = 'JobCompleted'): Entries {
  const events = Array.from({ length: count }, (_, index) => {
    const job = new JobEvents();
    const begun = [job.next('JobCreated'), job.next('JobStarted')];
    return index % 2 === 0 ? [...begun, job.next(end)] : begun;
  }).flat();
  return placed(events);
}

/** The server stores an event a second after the one before. */
function placed(events: readonly JobEvent[]): Entries {
  return events.map((event, index) => ({
    kind: 'event' as const,
    event,
    sequence: (index + 1) * STEP,
    recordedAt: instant(index),
  }));
}

const entries = entriesOfJobs(12);

beforeEach(() => write(entries));

async function write(given: Entries): Promise<void> {
  const projection = await PastProjection.open(database.url);
  await projection.tryAcquire();
  await projection.clear();
  await projection.apply(given);
  await projection.close();
}

async function compare(given: Entries = entries) {
  const check = await PastVerification.open(database.url);
  onTestFinished(() => check.close());
  return check.compare(() => check.apply(given));
}

test('tables from which old changes were removed match the whole log', async () => {
  const stop = new AbortController().signal;
  await prunePast(database.url, { before: instant(12), forgottenBefore: 0 }, stop);
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
  await prunePast(database.url, { before: instant(12), forgottenBefore: 0 }, new AbortController().signal);
  await database.query(damage);
  expect(await compare()).toMatchObject([{ table }]);
});

/** Every second job has failed; of all of them the log has nothing before `forgottenBefore`. */
async function forget(forgottenBefore: number): Promise<{ given: Entries; failed: number }> {
  const given = entriesOfJobs(12, 'JobFailed');
  await write(given);
  await prunePast(database.url, { before: instant(20), forgottenBefore }, new AbortController().signal);
  const [row] = await database.query<{ failed: number }>(
    `SELECT count(*)::int AS failed FROM past_jobs WHERE status = 'failed'`,
  );
  const counts = await database.readModel.countPastJobs(given.at(-1)?.sequence ?? 0);
  expect(counts.find(({ status }) => status === 'failed')?.count).toBe(row?.failed);
  expect(await database.query('SELECT FROM past_counts WHERE delta = 0 AND chunk = -1')).toEqual([]);
  return { given, failed: row?.failed ?? 0 };
}

test.each([
  ['nothing', 0, 6],
  ['its beginning', 6 * STEP, 5],
  ['everything', 1_000 * STEP, 2],
])(
  'failed jobs of which the log has lost %s leave with what is older, and the tables match the log',
  async (_what, before, stay) => {
    const { given, failed } = await forget(before);
    expect(failed).toBe(stay);
    expect(await compare(given)).toEqual([]);
  },
);

async function failedAfter(forgottenBefore: number): Promise<object[]> {
  await prunePast(database.url, { before: instant(12), forgottenBefore }, new AbortController().signal);
  return database.query(`SELECT last_sequence::int AS last FROM past_jobs WHERE status = 'failed'`);
}

test('a failed job that was carried on stays for as long as the log has that', async () => {
  const job = new JobEvents();
  const begun = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobFailed')];
  const others = Array.from({ length: 9 }, () => new JobEvents().next('JobCreated'));
  await write(placed([...begun, ...others, job.next('JobCarried', { status: 'failed', attempt: 1 })]));
  const carriedAt = 13 * STEP;
  expect(await failedAfter(carriedAt)).toEqual([{ last: carriedAt }]);
  expect(await failedAfter(carriedAt + 1)).toEqual([]);
});

test('tables that know more than the log still has cannot be compared', async () => {
  expect(await compare(entries.slice(3))).toBeUndefined();
});
