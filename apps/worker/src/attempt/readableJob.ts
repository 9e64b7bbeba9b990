import type { Job } from '@jobstream/domain';
import { isShredded, isUnreadable } from '@jobstream/eventlog';
import { UnrecoverableError } from '../handler/unrecoverableError.ts';
import type { WorkerContext } from '../workerContext.ts';
import { untilAvailable } from './untilAvailable.ts';

/**
 * The job as its handler gets it, decrypted. UnrecoverableError when its payload was erased; another error, which further
 * attempts may not meet, when this worker lacks the key.
 */
export async function readableJob(
  job: Job,
  { eventLog, closing }: Pick<WorkerContext, 'eventLog' | 'closing'>,
): Promise<Job> {
  const readable = await untilAvailable(() => eventLog.contents.openJob(job), closing);
  if (isShredded(readable.payload)) {
    throw new UnrecoverableError('the payload of the job was erased', { code: 'PAYLOAD_ERASED' });
  }
  if (isUnreadable(readable.payload)) throw new Error('this worker has no key for the payload: see PAYLOAD_KEYS');
  return readable;
}
