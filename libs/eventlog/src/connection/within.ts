import { setTimeout as pause } from 'node:timers/promises';

/** Waits for work to settle, at most `ms` milliseconds; whether it has. Rejects as the work does. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const inTime = work.then(() => true).finally(() => settled.abort());
  const tooLate = pause(Math.max(0, ms), false, { signal: settled.signal }).catch(() => true);
  return Promise.race([inTime, tooLate]);
}
