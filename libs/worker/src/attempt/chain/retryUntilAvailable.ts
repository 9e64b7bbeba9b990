import { setTimeout as pause } from 'node:timers/promises';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';

/** The log itself waits several seconds for its server before it gives up, so this is only the gap between its tries. */
const PAUSE_MS = 250;

/** Repeats the work while the event log is unavailable or overloaded, but not once `closing` is aborted. */
export function retryUntilAvailable<Result>(work: () => Promise<Result>, closing: AbortSignal): Promise<Result> {
  return work().catch((error: unknown) => retryAfter(error, work, closing));
}

/** As `retryUntilAvailable`, of what has failed once. */
export async function retryAfter<Result>(
  failure: unknown,
  work: () => Promise<Result>,
  closing: AbortSignal,
): Promise<Result> {
  for (let error = failure; ;) {
    if (closing.aborted || !isUnavailable(error)) throw error;
    await pause(PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
    try {
      return await work();
    } catch (next) {
      error = next;
    }
  }
}

/** Whether the event log may take the same later. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof LogUnavailableError || error instanceof LogOverloadedError;
}
