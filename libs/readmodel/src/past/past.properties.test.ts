/** @module-tag exact */
import { fold } from '@jobstream/domain';
import type { Job, JobEvent, JobStatus } from '@jobstream/domain';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PastProjection, ProjectionFencedError, prunePast } from '@jobstream/readmodel';
import { arbitraryHistory } from '../../testing/arbitraryHistory.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import type { MigratedDatabase } from '../../testing/migratedDatabase.ts';
import { storableText } from '../postgres/storableValues.ts';

/** So that three events fill a chunk, in which changes are counted together. */
const STEP = 5_461;

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});

afterAll(() => database[Symbol.asyncDispose]());

type Entries = ReturnType<typeof entriesOf>;

/** The server stores an event a second after the one before. */
function spreadOut(history: readonly JobEvent[]): Entries {
  const startMs = Date.UTC(2026, 5, 1);
  return history.flatMap((event, index) => storedAt(event, (index + 1) * STEP, startMs + index * 1_000));
}

function storedAt(event: JobEvent, sequence: number, ms: number): Entries {
  return [{ kind: 'event', event, sequence, recordedAt: new Date(ms).toISOString() }];
}

/** In batches of these sizes; after each third one it is as after a restart. */
async function followInPieces(entries: Entries, sizes: readonly number[]): Promise<void> {
  let position = 0;
  let projection = await openPast();
  for (const [index, size] of [...sizes, entries.length].entries()) {
    await projection.apply(entries.slice(Math.max(0, position - 1), position + size)); // one of them again
    position += size;
    if (index % 3 !== 2) continue;
    await projection.close();
    projection = await openPast();
  }
  await projection.close();
}

async function openPast(): Promise<PastProjection> {
  const projection = await PastProjection.open(database.url);
  expect(await projection.tryAcquire()).toBe(true);
  return projection;
}

async function empty(): Promise<void> {
  const projection = await PastProjection.open(database.url);
  await projection.tryAcquire();
  await projection.clear();
  await projection.close();
}

/** The jobs after these events, newest first, in the way in which a reader of the whole log would find them. */
function jobsAfter(entries: Entries): readonly Job[] {
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry] : []));
  const byJob = Map.groupBy(events, ({ event }) => event.jobId);
  return [...byJob.values()]
    .map((own) => {
      const first = own.findIndex((_, index) => fold(own.slice(0, index + 1).map(({ event }) => event)) !== undefined);
      return { job: fold(own.map(({ event }) => event)), first: own[first]?.sequence ?? 0 };
    })
    .toSorted((one, other) => other.first - one.first)
    .flatMap(({ job }) => (job === undefined ? [] : [job]));
}

interface Filter {
  readonly type?: readonly string[];
  readonly status?: readonly JobStatus[];
  readonly tag?: readonly string[];
}

const filter = fc.record<Filter>(
  {
    type: fc.constantFrom(['email'], ['null'], ['email', 'null']),
    status: fc.constantFrom(
      ['pending'],
      ['completed'],
      ['processing', 'waiting', 'retrying'],
      ['failed', 'cancelled', 'pending'],
    ),
    tag: fc.constantFrom(['t'], ['other']),
  },
  { requiredKeys: [] },
);

function matches(job: Job, { type, status, tag }: Filter): boolean {
  return (
    (type === undefined || type.includes(job.type)) &&
    (status === undefined || status.includes(job.status)) &&
    (tag === undefined || tag.every((one) => job.tags.includes(one)))
  );
}

async function listAll(sequence: number, conditions: Filter, limit: number): Promise<object[]> {
  const items: object[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await database.readModel.listPastJobs({ ...conditions, sequence, limit, cursor });
    items.push(...page.items.map(({ id, type, status }) => ({ id, type, status })));
    cursor = page.nextCursor;
  }
  return items;
}

function countOf(jobs: readonly Job[]): object[] {
  const groups = Map.groupBy(jobs, ({ type, status }) => `${type} ${status}`);
  return [...groups].map(([key, { length: count }]) => ({ key, count })).toSorted(byKey);
}

function byKey({ key: one }: { key: string }, { key: other }: { key: string }): number {
  return one < other ? -1 : 1;
}

async function counted(sequence: number): Promise<object[]> {
  const counts = await database.readModel.countPastJobs(sequence);
  return counts.map(({ type, status, count }) => ({ key: `${type} ${status}`, count })).toSorted(byKey);
}

/** What the table has of the jobs, newest first; completed ones have left it. */
function rows(): Promise<object[]> {
  return database.query(`SELECT job_id AS id, type, tenant, tags, status, version, attempt, max_attempts AS "maxAttempts"
    FROM past_jobs ORDER BY first_sequence DESC`);
}

function rowOf({ id, type, tenant, tags, status, version, attempt, maxAttempts }: Job): object {
  const stored = tags.map(storableText);
  return { id, type, tenant: tenant ?? null, tags: stored, status, version, attempt, maxAttempts };
}

function brief({ id, type, status }: Job): object {
  return { id, type, status };
}

const plan = fc.record({
  history: arbitraryHistory,
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
  conditions: filter,
  limit: fc.integer({ min: 1, max: 3 }),
  pruned: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('lists and counts of any moment equal the fold of the events until then, for any history, batches and restarts', async () => {
  const check = async ({
    history,
    sizes,
    conditions,
    limit,
    pruned,
  }: typeof plan extends fc.Arbitrary<infer P> ? P : never) => {
    await empty();
    const entries = spreadOut(history);
    await followInPieces(entries, sizes);
    const left = jobsAfter(entries).filter(({ status }) => status !== 'completed');
    expect(await rows()).toEqual(left.map(rowOf));
    const boundary = entries[Math.floor(pruned * (entries.length - 1))];
    if (boundary !== undefined && 'recordedAt' in boundary)
      await prunePast(database.url, { before: boundary.recordedAt, forgottenBefore: 0 }, new AbortController().signal);
    const { earliestSequence = 0 } = (await database.readModel.readPastCheckpoint()) ?? {};
    expect(earliestSequence).toBeLessThanOrEqual(boundary?.sequence ?? 0);
    const ended = new Map(
      jobsAfter(entries.filter(({ sequence }) => sequence <= earliestSequence)).map((job) => [job.id, job]),
    );
    const isGone = ({ id }: Job) => earliestSequence > STEP && ended.get(id)?.status === 'completed';
    for (const { sequence } of entries.filter((one) => one.sequence >= earliestSequence)) {
      const jobs = jobsAfter(entries.filter((one) => one.sequence <= sequence)).filter((job) => !isGone(job));
      expect(await counted(sequence + 1)).toEqual(countOf(jobs));
      expect(await listAll(sequence, {}, 50)).toEqual(jobs.map(brief));
      expect(await listAll(sequence, conditions, limit)).toEqual(
        jobs.filter((job) => matches(job, conditions)).map(brief),
      );
    }
  };
  await fc.assert(fc.asyncProperty(plan, check), { numRuns: 12 });
});

test('a time is the last change by then, also behind one of a server whose clock was set back', async () => {
  await empty();
  const job = new JobEvents();
  const events = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobProgressed'), job.next('JobCompleted')];
  const seconds = [1, 3, 2, 2];
  const startMs = Date.parse('2026-06-01T00:00:00.500Z');
  const entries = events.flatMap((event, index) => storedAt(event, index + 1, startMs + (seconds[index] ?? 0) * 1_000));
  await followInPieces(entries, []);
  const { readModel } = database;
  const sequenceAt = (second: number) => readModel.pastSequenceAt(`2026-06-01T00:00:0${second}.500Z`);
  expect(await Promise.all([0, 1, 2, 3].map(sequenceAt))).toEqual([0, 1, 1, 4]);
  expect(await readModel.readPastCheckpoint()).toEqual({
    lastSequence: 4,
    lastAt: '2026-06-01T00:00:03.500Z',
    earliestSequence: 1,
    earliestAt: '2026-06-01T00:00:01.500Z',
  });
});

test('a projection that another one has overtaken writes nothing', async () => {
  await empty();
  const entries = entriesOf([new JobEvents().next('JobCreated'), new JobEvents().next('JobCreated')]);
  const [late, fast] = [await PastProjection.open(database.url), await PastProjection.open(database.url)];
  await late.tryAcquire();
  expect(await fast.tryAcquire()).toBe(false);
  await fast.apply(entries);
  await expect(late.apply(entries)).rejects.toThrow(ProjectionFencedError);
  expect(await counted(2)).toEqual([{ key: 'email pending', count: 2 }]);
  await Promise.all([late.close(), fast.close()]);
});
