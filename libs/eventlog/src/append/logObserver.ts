import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError } from '../errors.ts';

/**
 * What became of an append. `unavailable`: the log did not answer, so it may be stored or not. `overloaded` and
 * `too-large`: nothing was sent.
 */
export type AppendOutcome = 'stored' | 'conflict' | 'unavailable' | 'overloaded' | 'too-large';

/** Told what the event log does, for metrics. It is called for each append, so it must be cheap; it must not throw. */
export interface LogObserver {
  /** An append has its outcome, so many milliseconds after it was asked for. */
  appended(outcome: AppendOutcome, ms: number): void;
  /** So many waiting appends went out as one batch. */
  batchSent(appends: number): void;
}

/** What an observer is told about an append that failed. */
export function appendOutcome(error: unknown): AppendOutcome {
  if (error instanceof ConcurrentAppendError) return 'conflict';
  if (error instanceof LogOverloadedError) return 'overloaded';
  return error instanceof EventTooLargeError ? 'too-large' : 'unavailable';
}
