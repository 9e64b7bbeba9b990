import type { WorkerContext } from '../workerContext.ts';
import { untilAvailable } from './untilAvailable.ts';

/** Asks for a delivery of the job at the instant `at`; asking twice is asking once. */
export async function wakeAt(
  at: string,
  { jobId, jobType }: { readonly jobId: string; readonly jobType: string },
  { eventLog, closing }: WorkerContext,
): Promise<void> {
  await untilAvailable(() => eventLog.scheduleWake({ jobId, jobType, at }), closing);
}
