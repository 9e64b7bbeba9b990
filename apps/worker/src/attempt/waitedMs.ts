import type { Job } from '@jobstream/domain';

/**
 * How long the job could have run before an attempt began at `startedAt`: since it was created, due, requeued or
 * released, whichever came last. Undefined for a job that was running elsewhere. Several clocks took part, so a wait
 * may seem to be negative; then it is 0.
 */
export function waitedMs(before: Job, startedAt: string): number | undefined {
  if (before.status === 'processing') return undefined;
  const updatedAt = Date.parse(before.updatedAt);
  const since = before.runAt === undefined ? updatedAt : Math.max(updatedAt, Date.parse(before.runAt));
  return Math.max(0, Date.parse(startedAt) - since);
}
