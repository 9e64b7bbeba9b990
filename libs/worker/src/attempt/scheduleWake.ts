import { addMs, attemptOverAt, isTerminal, type Job, type Lane } from '@jobstream/domain';
import type { Wake } from '@jobstream/eventlog';
import type { AttemptContext } from './attemptContext.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';

/** A job that waits within an attempt is looked at once an hour, should its timer have been lost. */
const LOOK_MS = 3_600_000;

/** Returns when the timer of an attempt that waits until `until` fires: then, or within an hour from `now`. */
export function lookAt(until: string, now: string): string {
  const inAnHour = addMs(now, LOOK_MS);
  return Date.parse(until) < Date.parse(inAnHour) ? until : inAnHour;
}

/** Returns when the timer of a job fires that is due at `at`. */
export function wakeAt(at: string, { status }: Pick<Job, 'status'>, now: string): string {
  return status === 'waiting' ? lookAt(at, now) : at;
}

/** Whether a job of this status was left to its timer. */
export function isLeftToItsTimer(status: Job['status']): boolean {
  return status === 'scheduled' || status === 'retrying' || status === 'waiting';
}

/** What the timer of a job is set for. */
export interface Call extends Pick<Wake, 'at' | 'priority'> {
  readonly status: Job['status'];
}

/** What the timer of a job must say in the state in which it is; undefined for a job that has ended. */
export function callFor(job: Job): Call | undefined {
  const { status, priority, runAt, updatedAt } = job;
  if (isTerminal(status)) return undefined;
  if (status === 'processing') return { at: attemptOverAt(job), status, priority };
  return { at: status === 'pending' ? updatedAt : (runAt ?? updatedAt), status, priority };
}

/** Sets the timer that delivers the job at the instant `at`; setting it twice is harmless. */
export async function scheduleWake(
  at: string,
  {
    jobId,
    jobType,
    priority,
  }: { readonly jobId: string; readonly jobType: string; readonly priority?: Lane | undefined },
  { eventLog, closing }: AttemptContext,
): Promise<void> {
  await retryUntilAvailable(() => eventLog.scheduleWake({ jobId, jobType, at, priority }), closing);
}
