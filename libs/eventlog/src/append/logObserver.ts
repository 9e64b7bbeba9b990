import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError } from '../errors.ts';

/**
 * What became of an append. `unavailable`: no answer in time, so the event may or may not be stored. `overloaded` and
 * `too-large`: nothing was sent.
 */
export type AppendOutcome = 'stored' | 'conflict' | 'unavailable' | 'overloaded' | 'too-large';

/** Observes the event log, for metrics. It is called for each append, so it must be cheap, and it must not throw. */
export interface LogObserver {
  /** Called once for each append with its outcome and its duration in milliseconds. */
  appended(outcome: AppendOutcome, ms: number): void;
  /** Called for each atomic batch with the number of its appends. */
  batchSent(appends: number): void;
}

/** Returns the outcome of an append that failed with `error`. */
export function outcomeOfError(error: unknown): AppendOutcome {
  if (error instanceof ConcurrentAppendError) return 'conflict';
  if (error instanceof LogOverloadedError) return 'overloaded';
  return error instanceof EventTooLargeError ? 'too-large' : 'unavailable';
}
