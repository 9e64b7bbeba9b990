import type { JobEvent } from '@jobstream/domain';
import type { WorkerContext } from '../workerContext.ts';
import { wakeAt } from './wakeAt.ts';

/** After JobRetryScheduled, asks for the timer. Should we die before, the redelivered message does it (see claimJob). */
export async function parkRetry(event: JobEvent, context: WorkerContext): Promise<void> {
  if (event.event === 'JobRetryScheduled') await wakeAt(event.data.retryAt, event, context);
}
