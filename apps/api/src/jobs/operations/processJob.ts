import type { JobOperation, OperationJob, ProcessedJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { changeJob, contextOf, type Outcome } from './changeJob.ts';
import { replayJob } from './replayJob.ts';
import { retryJob } from './retryJob.ts';

/**
 * Does the work of an operation on one job. May be repeated after a crash: what was done before is found and not done
 * again.
 */
export async function processJob(job: OperationJob, operation: JobOperation, deps: ApiDeps): Promise<ProcessedJob> {
  return { position: job.position, ...(await outcomeOf(job, operation, deps)) };
}

function outcomeOf(job: OperationJob, operation: JobOperation, deps: ApiDeps): Promise<Outcome> {
  switch (operation.kind) {
    case 'replay':
      return replayJob(job, operation, deps);
    case 'cancel':
      return changeJob(job, { ...contextOf(operation, deps), kind: 'CancelJob' }, deps);
    case 'retry':
      return retryJob(job, operation, deps);
  }
}
