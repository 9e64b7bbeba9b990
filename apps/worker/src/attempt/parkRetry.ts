import type { JobEventOf } from '@jobstream/domain';
import type { WorkerContext } from '../workerContext.ts';
import { wakeAt } from './wakeAt.ts';

/** After JobRetryScheduled, asks for the timer. Should we die before, the redelivered message does it (see claimJob). */
export function parkRetry(event: JobEventOf<'JobRetryScheduled'>, context: WorkerContext): Promise<void> {
  return wakeAt(event.data.retryAt, event, context);
}
