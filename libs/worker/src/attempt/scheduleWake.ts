import type { Lane } from '@jobstream/domain';
import type { AttemptContext } from './attemptContext.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';

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
