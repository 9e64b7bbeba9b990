import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError } from '../errors.ts';
import type { AppendOutcome } from './logObserver.ts';

/** What an observer is told about an append that failed. */
export function appendOutcome(error: unknown): AppendOutcome {
  if (error instanceof ConcurrentAppendError) return 'conflict';
  if (error instanceof LogOverloadedError) return 'overloaded';
  return error instanceof EventTooLargeError ? 'too-large' : 'unavailable';
}
