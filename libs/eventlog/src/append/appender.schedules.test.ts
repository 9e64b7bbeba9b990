/** @module-tag exact */
import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { boolean, integer, record } from 'fast-check';
import { expect, test } from 'vitest';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { arbitraryFaults, type Faults, ScheduledServer } from '../../testing/schedules/scheduledServer.ts';
import { AppendLimiter } from './appendLimiter.ts';
import type { AppendRequest } from './appendRequest.ts';
import { Appender } from './appender.ts';

const DEADLINE_MS = 4_000;
/** A sweep after the deadline. */
const LATEST_MS = DEADLINE_MS + 200;

interface Plan {
  readonly faults: Faults;
  readonly groupCommit: boolean;
  /** Everything happens at once but for what is lost, so that no append fails for lack of time. */
  readonly isPrompt: boolean;
  readonly jobs: number;
  /** Writers of each job, which append one event after the other. */
  readonly writers: number;
  readonly appends: number;
}

const arbitraryPlan = record<Plan>({
  faults: arbitraryFaults,
  groupCommit: boolean(),
  isPrompt: boolean(),
  jobs: integer({ min: 1, max: 12 }),
  writers: integer({ min: 1, max: 2 }),
  appends: integer({ min: 1, max: 3 }),
});

interface Outcome {
  readonly eventId: string;
  readonly stored: number | undefined;
  readonly error: unknown;
  readonly ms: number;
}

const requestOf = (job: number, eventId: string): AppendRequest => ({
  eventId,
  kind: 'job',
  owner: `job-${job}`,
  subject: `jobs.email.job-${job}.${eventId.at(-1) === '0' ? 'created' : 'started'}`,
  filter: `jobs.*.job-${job}.*`,
  text: JSON.stringify({ id: eventId }),
});

/** Appends one event after the other, each to the log as this writer finds it. */
async function write(index: number, { jobs, appends }: Plan, server: ScheduledServer, appender: Appender) {
  const [job, writer] = [index % jobs, Math.floor(index / jobs)];
  const outcomes: Outcome[] = [];
  for (let count = 0; count < appends; count++) {
    const request = requestOf(job, `event-${job}-${writer}-${count}`);
    const begun = performance.now();
    const append = appender.append(request, server.stream.last(request.filter)?.sequence ?? 0);
    const [result] = await Promise.allSettled([append]);
    const [stored, error] = result.status === 'fulfilled' ? [result.value, undefined] : [undefined, result.reason];
    outcomes.push({ eventId: request.eventId, stored, error, ms: performance.now() - begun });
  }
  return outcomes;
}

/** Nothing is stored twice, and what was reported is so. */
function expectTrue(outcome: Outcome, { stream }: ScheduledServer): void {
  const { eventId, stored, error, ms } = outcome;
  const sequences = stream.sequencesOf(`"${eventId}"`);
  expect(ms).toBeLessThanOrEqual(LATEST_MS);
  if (stored !== undefined) expect(sequences).toEqual([stored]);
  else if (error instanceof ConcurrentAppendError) expect(sequences).toEqual([]);
  else expect([isUnknown(outcome), sequences.length]).toEqual([true, expect.toBeOneOf([0, 1])]);
}

const isUnknown = ({ error }: Outcome) => error instanceof LogUnavailableError;

async function appendAll(schedule: Schedule, plan: Plan): Promise<void> {
  schedule.isPrompt = plan.isPrompt;
  const server = new ScheduledServer(schedule, plan.faults);
  const limiter = new AppendLimiter({ maxPending: 100, maxPendingBytes: 1_000_000 });
  const { groupCommit } = plan;
  const appender = new Appender(server.connection, server.publisher, { groupCommit, deadlineMs: DEADLINE_MS, limiter });
  const writers = Array.from({ length: plan.jobs * plan.writers }, (_, index) => write(index, plan, server, appender));
  const outcomes = await schedule.until(Promise.all(writers));
  await schedule.until(Promise.all([appender.stop(), server.healed]));
  await schedule.untilNothingIsLeft();
  for (const outcome of outcomes.flat()) expectTrue(outcome, server);
  const isSlow = !plan.isPrompt || plan.faults.lookUps.length > 0;
  expect(isSlow ? [] : outcomes.flat().filter(isUnknown)).toEqual([]);
  limiter.acquire(100, 0);
}

test('no event is stored twice or reported wrongly, each append ends in time, and nothing is left', async () => {
  await expect(checkSchedules(arbitraryPlan, appendAll)).resolves.toBeUndefined();
});
