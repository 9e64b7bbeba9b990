import type { Job } from '@jobstream/domain';
import type { JobOperation, OperationJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { changeJob, contextOf, gone, type Outcome, unlessDone } from './changeJob.ts';
import { mergePatch } from './mergePatch.ts';
import { contentsObstacle, payloadRefusal } from './payloadRefusal.ts';

/**
 * Requeues a job, after its payload was patched if the operation says so. A job that has moved on may have been retried
 * and have failed again: it is retried once.
 */
export async function retryJob(job: OperationJob, operation: JobOperation, deps: ApiDeps): Promise<Outcome> {
  const found = await deps.log.readJob(job.id, job.type);
  if (found === undefined) return gone;
  if (found.job.version !== job.version) {
    if (!(await isPatchedOnly(job, operation, deps))) return unlessDone(job, operation.id, deps);
  } else if ('patch' in operation) {
    const patched = await patchPayload(job, found.job, { operation, deps });
    if (patched.outcome !== 'done') return patched;
  }
  return changeJob(job, { ...contextOf(operation, deps), kind: 'RequeueJob' }, deps);
}

/** Whether a crash came between the two events of a retry with a patch. */
async function isPatchedOnly({ id }: OperationJob, operation: JobOperation, { log }: ApiDeps): Promise<boolean> {
  if (!('patch' in operation)) return false;
  const last = (await log.readHistory(id)).at(-1)?.event;
  return last?.event === 'JobPayloadChanged' && last.correlationId === operation.id;
}

async function patchPayload(
  job: OperationJob,
  { type, payload: before, tenant }: Job,
  { operation, deps }: { readonly operation: JobOperation; readonly deps: ApiDeps },
): Promise<Outcome> {
  const payload = mergePatch(before, operation.patch);
  const reason = contentsObstacle(before) ?? payloadRefusal({ type, payload, tenant }, deps);
  if (reason !== undefined) return { outcome: 'skipped', reason };
  return changeJob(job, { ...contextOf(operation, deps), kind: 'ChangePayload', payload }, deps);
}
