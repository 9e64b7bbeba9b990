import { setTimeout as pause } from 'node:timers/promises';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';

/** The log itself waits several seconds for its server before it gives up, so this is only the gap between its tries. */
const PAUSE_MS = 250;

/** Repeats an operation while the log is away or overloaded, but not once `closing` is aborted. */
export function untilAvailable<Result>(operation: () => Promise<Result>, closing: AbortSignal): Promise<Result> {
  return operation().catch((error: unknown) => repeated(operation, error, closing));
}

async function repeated<Result>(
  operation: () => Promise<Result>,
  failure: unknown,
  closing: AbortSignal,
): Promise<Result> {
  for (let error = failure; ;) {
    if (closing.aborted || !isLogAway(error)) throw error;
    await pause(PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
    try {
      return await operation();
    } catch (next) {
      error = next;
    }
  }
}

export function isLogAway(error: unknown): boolean {
  return error instanceof LogUnavailableError || error instanceof LogOverloadedError;
}
