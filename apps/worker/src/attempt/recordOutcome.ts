import { isRejection } from '@jobstream/domain';
import type { Decision, JobEvent } from '@jobstream/domain';
import { EventTooLargeError } from '@jobstream/eventlog';
import { UnrecoverableError } from '../handler/unrecoverableError.ts';
import type { WorkerContext } from '../workerContext.ts';
import type { Attempt } from './attempt.ts';
import { commandFor } from './commandFor.ts';
import type { Outcome } from './outcome.ts';

/** Appends what the run came to. ConcurrentAppendError: the attempt was overtaken, and its result counts for nothing. */
export async function recordOutcome(attempt: Attempt, outcome: Outcome, context: WorkerContext): Promise<JobEvent> {
  const decision = await record(attempt, outcome, context);
  if (isRejection(decision)) throw new Error(`the outcome was refused: ${decision.detail}`);
  logOutcome(attempt, outcome, decision);
  return decision;
}

function record(attempt: Attempt, outcome: Outcome, context: WorkerContext): Promise<Decision> {
  const figures = { attempt: attempt.number, random: context.clock.random() };
  return attempt.chain.record(commandFor(outcome, figures)).catch((cause: unknown) => {
    if (!(cause instanceof EventTooLargeError)) throw cause;
    const error = new UnrecoverableError(`the result cannot be kept: ${cause.message}`, { code: cause.code, cause });
    return attempt.chain.record(commandFor({ ...outcome, kind: 'threw', error }, figures));
  });
}

function logOutcome({ logger }: Attempt, { durationMs }: Outcome, event: JobEvent): void {
  if (event.event === 'JobCompleted') logger.info({ durationMs }, 'completed');
  if (event.event === 'JobReleased') logger.info({ durationMs }, 'released');
  if (event.event === 'JobRetryScheduled') {
    logger.warn({ durationMs, retryAt: event.data.retryAt, error: event.data.error }, 'failed, will be retried');
  }
  if (event.event === 'JobFailed') {
    logger.error({ durationMs, reason: event.data.reason, error: event.data.error }, 'failed');
  }
}
