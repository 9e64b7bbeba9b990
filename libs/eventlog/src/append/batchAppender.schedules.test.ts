/** @module-tag exact */
import { CLOCK_INACCURACY_MS, checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, integer, record } from 'fast-check';
import { expect, test } from 'vitest';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { arbitraryFaults, type Faults, ScheduledServer } from '../../testing/schedules/scheduledServer.ts';
import { AppendLimiter } from './appendLimiter.ts';
import type { AppendRequest } from './appendRequest.ts';
import { BatchAppender } from './batchAppender.ts';

const DEADLINE_MS = 4_000;
/** A pause after the deadline. */
const LATEST_MS = DEADLINE_MS + 200;

interface Plan {
  readonly faults: Faults;
  /** Everything happens at once but for what is lost, so that no batch fails for lack of time. */
  readonly isPrompt: boolean;
  /** For each batch the first of its jobs, and their number: batches may have jobs in common. */
  readonly batches: readonly { readonly first: number; readonly count: number }[];
}

const arbitraryPlan = record<Plan>({
  faults: arbitraryFaults,
  isPrompt: boolean(),
  batches: array(record({ first: integer({ min: 0, max: 8 }), count: integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 9,
  }),
});

const creationOf = (job: number, batch: number): AppendRequest => ({
  eventId: `event-${job}-${batch}`,
  kind: 'job',
  owner: `job-${job}`,
  subject: `jobs.email.job-${job}.created`,
  filter: `jobs.*.job-${job}.*`,
  text: JSON.stringify({ id: `event-${job}-${batch}` }),
});

/** All or none of a batch is stored, in order, and what was reported is so. */
function expectTrue(events: readonly AppendRequest[], result: PromiseSettledResult<number>, server: ScheduledServer) {
  const sequences = events.map(({ eventId }) => server.stream.sequencesOf(`"${eventId}"`));
  const from = (first: number) => events.map((_event, index) => [first + index]);
  const none = events.map(() => []);
  if (result.status === 'fulfilled') expect(sequences).toEqual(from(result.value));
  else if (result.reason instanceof ConcurrentAppendError) expect(sequences).toEqual(none);
  else {
    expect(result.reason).toBeInstanceOf(LogUnavailableError);
    expect(sequences).toEqual(expect.toBeOneOf([none, from(sequences[0]?.[0] ?? 0)]));
  }
}

async function appendAll(schedule: Schedule, { faults, isPrompt, batches }: Plan): Promise<void> {
  schedule.isPrompt = isPrompt;
  const server = new ScheduledServer(schedule, faults);
  const limiter = new AppendLimiter({ maxPending: 100, maxPendingBytes: 1_000_000 });
  const appender = new BatchAppender(server.connection, server.publisher, { deadlineMs: DEADLINE_MS, limiter });
  const begun = performance.now();
  const all = batches.map(({ first, count }, batch) =>
    Array.from({ length: count }, (_, index) => creationOf(first + index, batch)),
  );
  const results = await schedule.until(Promise.allSettled(all.map((events) => firstSequence(appender, events))));
  expect(performance.now() - begun).toBeLessThanOrEqual(LATEST_MS);
  await schedule.until(Promise.all([appender.stop(), server.healed]));
  await schedule.untilNothingIsLeft();
  for (const [index, result] of results.entries()) expectTrue(all[index] ?? [], result, server);
  expect(Math.max(...server.sent.map(({ at }) => at))).toBeLessThanOrEqual(begun + DEADLINE_MS + CLOCK_INACCURACY_MS);
  const unknown = results.filter(({ status, ...rest }) => status === 'rejected' && !isConflict(rest));
  const isSlow = !isPrompt || faults.lookUps.length > 0;
  expect(isSlow ? [] : unknown).toEqual([]);
  limiter.acquire(100, 0);
}

async function firstSequence(appender: BatchAppender, events: readonly AppendRequest[]): Promise<number> {
  const [first = 0] = await appender.append(events.map((request) => ({ request, expected: 0 })));
  return first;
}

const isConflict = (result: object) => 'reason' in result && result.reason instanceof ConcurrentAppendError;

test('a batch is stored whole or not at all and once, is reported rightly and in time, and nothing is left', async () => {
  await expect(checkSchedules(arbitraryPlan, appendAll)).resolves.toBeUndefined();
});
