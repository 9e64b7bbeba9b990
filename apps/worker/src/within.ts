import { setTimeout as pause } from 'node:timers/promises';

/** Waits for work to settle, at most `ms` milliseconds. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const finished = work.finally(() => settled.abort());
  await Promise.race([finished, pause(ms, undefined, { signal: settled.signal }).catch(() => undefined)]);
}
