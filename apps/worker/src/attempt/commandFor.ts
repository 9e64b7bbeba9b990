import { InvalidPayloadError } from '../handler/invalidPayloadError.ts';
import { jobErrorOf } from '../handler/jobErrorOf.ts';
import { jsonResult } from '../handler/jsonResult.ts';
import { UnrecoverableError } from '../handler/unrecoverableError.ts';
import type { AttemptCommand } from './jobChain.ts';
import type { Outcome } from './outcome.ts';

/** The longest wait that a handler may ask for: what the backoff allows, too. */
const RETRY_AFTER_LIMIT_MS = 30 * 86_400_000;

/** Numbers of the attempt that the domain cannot know itself. */
export interface AttemptFigures {
  readonly attempt: number;
  /** In [0, 1): decides the jitter of a retry. */
  readonly random: number;
}

/** Classifies the outcome of a run: what is asked of the job because of it. */
export function commandFor(outcome: Outcome, figures: AttemptFigures): AttemptCommand {
  switch (outcome.kind) {
    case 'returned':
      return completed(outcome.value, outcome, figures);
    case 'threw':
      return failed(outcome.error, outcome, figures);
    case 'aborted':
      if (outcome.error.why === 'timeout') return failed(outcome.error, outcome, figures);
      return { kind: 'ReleaseAttempt', attempt: figures.attempt, reason: outcome.error.message };
    case 'unstarted':
      return { kind: 'ReleaseAttempt', attempt: figures.attempt, reason: outcome.because };
  }
}

function completed(value: unknown, outcome: Outcome, figures: AttemptFigures): AttemptCommand {
  try {
    const result = jsonResult(value);
    const { durationMs } = outcome;
    const command = { kind: 'CompleteAttempt', attempt: figures.attempt, durationMs } as const;
    return result === undefined ? command : { ...command, result };
  } catch (error) {
    return failed(error, outcome, figures);
  }
}

function failed(error: unknown, { durationMs }: Outcome, { attempt, random }: AttemptFigures): AttemptCommand {
  return {
    kind: 'FailAttempt',
    attempt,
    error: jobErrorOf(error),
    cause: causeOf(error),
    random,
    durationMs,
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
