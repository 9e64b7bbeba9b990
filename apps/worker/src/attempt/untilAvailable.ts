import { setTimeout as pause } from 'node:timers/promises';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';

/** The log itself waits several seconds for its server before it gives up, so this is only the gap between its tries. */
const PAUSE_MS = 250;

/** Repeats an operation while the log is away or overloaded, but not once `closing` is aborted. */
export async function untilAvailable<Result>(operation: () => Promise<Result>, closing: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (closing.aborted || !isLogAway(error)) throw error;
    }
    await pause(PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}

export function isLogAway(error: unknown): boolean {
  return error instanceof LogUnavailableError || error instanceof LogOverloadedError;
}
