import { isRejection } from '@jobstream/domain';
import type { Decision, JobEvent } from '@jobstream/domain';
import { EventTooLargeError } from '@jobstream/eventlog';
import { InvalidPayloadError, UnrecoverableError } from '../handler/handlerErrors.ts';
import { jobErrorOf } from '../handler/jobErrorOf.ts';
import { jsonResult } from '../handler/jsonResult.ts';
import type { Attempt, Outcome } from './attempt.ts';
import type { AttemptContext } from './attemptContext.ts';
import type { AttemptCommand } from './chain/jobChain.ts';

/** The longest wait that a handler may ask for: what the backoff allows, too. */
const RETRY_AFTER_LIMIT_MS = 30 * 86_400_000;

/** What the domain cannot know itself of the attempt. */
interface AttemptFigures {
  readonly attempt: number;
  /** How long the attempt has run before its last wait; 0 if it had none. */
  readonly ranMs: number;
  /** In [0, 1): decides the jitter of a retry. */
  readonly random: number;
  /** Whether errors are recorded with their stacks. */
  readonly stacks: boolean;
}

/**
 * Appends the outcome of the run and returns its event.
 * @throws ConcurrentAppendError when the attempt was overtaken: its outcome is discarded.
 */
export async function recordOutcome(attempt: Attempt, outcome: Outcome, context: AttemptContext): Promise<JobEvent> {
  const { ranMs = 0 } = attempt.chain.job;
  const figures = { attempt: attempt.number, ranMs, random: context.clock.random(), stacks: context.errorStacks };
  let decision: Decision;
  try {
    decision = await attempt.chain.record(commandFor(outcome, figures));
  } catch (cause) {
    if (!(cause instanceof EventTooLargeError)) throw cause;
    const error = new UnrecoverableError(`the result cannot be kept: ${cause.message}`, { code: cause.code, cause });
    decision = await attempt.chain.record(commandFor({ ...outcome, kind: 'threw', error }, figures));
  }
  if (isRejection(decision)) throw new Error(`the outcome was rejected: ${decision.detail}`);
  logOutcome(attempt, outcome, decision);
  return decision;
}

/** Classifies the outcome of a run: the command that it leads to. */
export function commandFor(outcome: Outcome, figures: AttemptFigures): AttemptCommand {
  switch (outcome.kind) {
    case 'returned':
      return completed(outcome.value, outcome, figures);
    case 'threw':
      return failed(outcome.error, outcome, figures);
    case 'aborted':
      if (outcome.error.kind === 'timeout') return failed(outcome.error, outcome, figures);
      return { kind: 'ReleaseAttempt', attempt: figures.attempt, reason: outcome.error.message };
    case 'suspended': {
      const { until, signals } = outcome;
      const ranMs = figures.ranMs + outcome.durationMs;
      const awaits = signals === undefined ? {} : { signals };
      return { kind: 'SuspendAttempt', attempt: figures.attempt, until, ranMs, ...awaits };
    }
    case 'unstarted':
      return { kind: 'ReleaseAttempt', attempt: figures.attempt, reason: outcome.reason };
  }
}

function completed(value: unknown, outcome: Outcome, figures: AttemptFigures): AttemptCommand {
  try {
    const result = jsonResult(value);
    const durationMs = figures.ranMs + outcome.durationMs;
    const command = { kind: 'CompleteAttempt', attempt: figures.attempt, durationMs } as const;
    return result === undefined ? command : { ...command, result };
  } catch (error) {
    return failed(error, outcome, figures);
  }
}

function failed(error: unknown, outcome: Outcome, { attempt, ranMs, random, stacks }: AttemptFigures): AttemptCommand {
  return {
    kind: 'FailAttempt',
    attempt,
    error: jobErrorOf(error, { stacks }),
    cause: causeOf(error),
    random,
    durationMs: ranMs + outcome.durationMs,
    ...retryAfter(error),
  };
}

function causeOf(error: unknown): 'error' | 'unrecoverable' | 'invalid-payload' {
  if (error instanceof InvalidPayloadError) return 'invalid-payload';
  return error instanceof UnrecoverableError ? 'unrecoverable' : 'error';
}

function retryAfter(error: unknown): { retryAfterMs?: number } {
  const ms = typeof error === 'object' && error !== null && 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms <= 0) return {};
  return { retryAfterMs: Math.min(ms, RETRY_AFTER_LIMIT_MS) };
}

function logOutcome({ logger }: Attempt, { durationMs }: Outcome, event: JobEvent): void {
  if (event.event === 'JobCompleted') logger.info({ durationMs }, 'completed');
  if (event.event === 'JobSuspended') {
    const { until, signals } = event.data;
    logger.info({ durationMs, until, ...(signals === undefined ? {} : { signals }) }, 'suspended');
  }
  if (event.event === 'JobReleased') logger.info({ durationMs }, 'released');
  if (event.event === 'JobRetryScheduled') {
    logger.warn({ durationMs, retryAt: event.data.retryAt, error: event.data.error }, 'failed, will be retried');
  }
  if (event.event === 'JobFailed') {
    logger.error({ durationMs, reason: event.data.reason, error: event.data.error }, 'failed');
  }
}
