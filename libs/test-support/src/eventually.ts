import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  timeoutMs?: number;
  intervalMs?: number;
}

// Vitest's `vi.waitFor` does the same, but the fault suite and the benchmarks use this outside Vitest.
/**
 * Repeats the assertion every `intervalMs` (default 20) until it passes, and returns its result.
 *
 * @throws the last failure after `timeoutMs` (default 90,000).
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 240_000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await pause(intervalMs);
  }
}
