import { attemptOverAt, isTerminal, type Job, type Lane } from '@jobstream/domain';
import type { Wake } from '@jobstream/eventlog';
import type { AttemptContext } from './attemptContext.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';

/** What the timer of a job is set for. */
export interface TimerSetting extends Pick<Wake, 'at' | 'priority'> {
  readonly status: Job['status'];
}

/** What the timer of a job must say in the state in which it is; undefined for a job that has ended. */
export function timerFor(job: Job): TimerSetting | undefined {
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
