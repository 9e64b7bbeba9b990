import type { Job } from '@jobstream/domain';
import { isSealed, isShredded, isUnreadable } from '@jobstream/eventlog';
import { UnrecoverableError } from '../handler/unrecoverableError.ts';
import type { WorkerContext } from '../workerContext.ts';
import { untilAvailable } from './untilAvailable.ts';

/**
 * The job as its handler gets it, decrypted; at once where nothing is sealed. UnrecoverableError when its payload was erased; another error, which further
 * attempts may not meet, when this worker lacks the key.
 */
export function readableJob(
  job: Job,
  { eventLog, closing }: Pick<WorkerContext, 'eventLog' | 'closing'>,
): Job | Promise<Job> {
  if (!isSealed(job)) return checked(job);
  return untilAvailable(() => eventLog.contents.openJob(job), closing).then(checked);
}

function checked(readable: Job): Job {
  if (isShredded(readable.payload)) {
    throw new UnrecoverableError('the payload of the job was erased', { code: 'PAYLOAD_ERASED' });
  }
  if (isUnreadable(readable.payload)) throw new Error('this worker has no key for the payload: see PAYLOAD_KEYS');
  return readable;
}
