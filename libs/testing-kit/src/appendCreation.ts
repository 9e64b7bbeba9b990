import { ConcurrentAppendError, isCreation, type JobEvent } from '@jobstream/worker/test-engine';
import { invalid } from './newJob.ts';
import type { TestSystem } from './system/testSystem.ts';

/**
 * Stores the creation of a job. Returns false where its idempotency key has created the job before.
 *
 * @throws InvalidRequestError when that was another job.
 */
export async function appendCreation(creation: JobEvent, { log }: TestSystem): Promise<boolean> {
  try {
    await log.append(creation, 0);
    return true;
  } catch (error) {
    if (!(error instanceof ConcurrentAppendError)) throw error;
    const existing = (await log.readJob(creation.jobId))?.job;
    const fingerprint = isCreation(creation) ? creation.data.fingerprint : undefined;
    if (existing?.fingerprint === fingerprint) return false;
    throw invalid([{ pointer: '', detail: 'the first job with this idempotency key was another one' }]);
  }
}
