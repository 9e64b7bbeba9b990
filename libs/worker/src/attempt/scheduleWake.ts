import type { AttemptContext } from './attemptContext.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';

/** Sets the timer that delivers the job at the instant `at`; setting it twice is harmless. */
export async function scheduleWake(
  at: string,
  { jobId, jobType }: { readonly jobId: string; readonly jobType: string },
  { eventLog, closing }: AttemptContext,
): Promise<void> {
  await retryUntilAvailable(() => eventLog.scheduleWake({ jobId, jobType, at }), closing);
}
