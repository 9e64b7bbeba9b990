import type { JobEvent } from '@jobstream/domain';
import { PastProjection } from '@jobstream/readmodel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { pastPageStatement } from './readPast.ts';
import type { PastQuery } from './readPast.ts';
import type { MigratedDatabase } from '../../testing/migratedDatabase.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

/** How many sequences a status holds: one, and what lies around each power of two. */
const SPANS = [1, ...Array.from({ length: 20 }, (_, index) => 2 ** (index + 1)).flatMap((n) => [n - 1, n, n + 1])];

/** What its events make of a job, one after the other. */
const STEPS = ['pending', 'processing', 'completed'] as const;

test('a status is listed from the event that brought it to the one before the next, however long it held', async () => {
  const projection = await PastProjection.open(database.url);
  await projection.tryAcquire();
  let sequence = 1;
  const jobs = SPANS.map((span) => {
    const job = new JobEvents();
    const events = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')];
    const entries = events.map((event, index) => entryAt(sequence + index * span, event));
    sequence += 2 * span + 1;
    return { id: job.jobId, entries };
  });
  const entries = jobs.flatMap((job) => job.entries);
  await projection.apply(entries);
  await projection.close();
  for (const at of entries.flatMap((entry) => [entry.sequence - 1, entry.sequence])) {
    const { items } = await database.readModel.listPastJobs({ sequence: at, limit: 100 });
    const expected = jobs.flatMap(({ id, entries: own }) => {
      const status = STEPS[own.filter((entry) => entry.sequence <= at).length - 1];
      return status === undefined ? [] : [`${id} ${status}`];
    });
    expect(items.map(({ id, status }) => `${id} ${status}`)).toEqual(expected.toReversed());
  }
});

function entryAt(sequence: number, event: JobEvent) {
  return { kind: 'event', event, sequence, recordedAt: event.at } as const;
}

async function planOf(query: Omit<PastQuery, 'sequence' | 'limit'>): Promise<string> {
  await database.query('SET enable_seqscan = off');
  const { text, values } = pastPageStatement({ ...query, sequence: 20_000, limit: 2 });
  const rows = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

// An expression that is not that of the index would be right as well, and read every change.
test('what held at a moment is read from the index of spans', async () => {
  expect(await planOf({})).toMatch(
    /Index Scan using past_changes_held on past_changes .*\s+Index Cond: \(\(width_bucket/u,
  );
});

// Which of them depends on what Postgres knows of the table.
test.each([
  ['all jobs', {}],
  ['a type', { type: ['email'] }],
  ['a tenant', { tenant: 'acme' }],
])('the completed ones among %s are read from an index that has them alone, newest first', async (_whose, query) => {
  const plan = await planOf({ ...query, status: ['completed'] });
  expect(plan).toMatch(/Index Scan Backward using past_changes_completed\w* on past_changes/u);
});
