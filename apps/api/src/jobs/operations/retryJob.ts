import { isCarry, type Job, type LoggedEvent } from '@jobstream/domain';
import { reclaim } from '@jobstream/eventlog';
import type { OperationJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { keyHeldBy } from '../change/applyCommand.ts';
import type { Outcome } from '../change/changePage.ts';
import { changeJob, contextOf, gone, isDeed, refused } from './changeJob.ts';
import type { OpenedOperation } from './operationContents.ts';
import { payloadOf } from './payloads/payloadOf.ts';

const changed: Outcome = { outcome: 'skipped', reason: 'the job has changed since the operation was accepted' };

/**
 * Requeues a job, after its payload was patched if the operation says so. A job that has moved on may have been retried
 * and have failed again: it is retried once.
 */
export async function retryJob(job: OperationJob, operation: OpenedOperation, deps: ApiDeps): Promise<Outcome> {
  const found = await deps.log.readJob(job.id, job.type);
  if (found === undefined) return gone;
  const changes = found.job.version === job.version ? [] : await changesSince(job, deps);
  const progress = progressOf(changes, operation);
  if (typeof progress !== 'string') return progress;
  if (operation.change !== undefined && progress === 'nothing') {
    const patched = await patchPayload(job, found.job, { operation, deps });
    if (patched.outcome !== 'done') return patched;
  }
  return changeJob(job, { ...contextOf(operation, deps), kind: 'RequeueJob' }, deps);
}

/** What the operation had done to a job before a crash, or the outcome for one that it must not touch again. */
function progressOf(
  changes: readonly LoggedEvent[] | undefined,
  { id }: OpenedOperation,
): 'nothing' | 'patched' | Outcome {
  if (changes === undefined) return changed;
  if (changes.some((event) => isDeed(event, 'RequeueJob', id))) return { outcome: 'done' };
  if (!changes.every((event) => isDeed(event, 'ChangePayload', id))) return changed;
  return changes.length === 0 ? 'nothing' : 'patched';
}

/**
 * What has happened to a job since the operation was accepted. That its state was written down once more, because the log
 * is about to lose earlier events, changes nothing.
 *
 * @returns undefined if the log does not have all of it.
 */
async function changesSince({ id, version }: OperationJob, { log }: ApiDeps): Promise<LoggedEvent[] | undefined> {
  const history = await log.readWholeHistory(id);
  const later = history.map(({ event }) => event).filter((event) => event.version > version);
  const isWhole = later.length > 0 && later.every((event, index) => event.version === version + index + 1);
  return isWhole ? later.filter((event) => !isCarry(event)) : undefined;
}

async function patchPayload(
  job: OperationJob,
  current: Job,
  { operation, deps }: { readonly operation: OpenedOperation; readonly deps: ApiDeps },
): Promise<Outcome> {
  const reclaimed = await reclaim(current, deps);
  if (reclaimed !== undefined && 'holder' in reclaimed)
    return { outcome: 'skipped', reason: keyHeldBy(reclaimed.holder).detail };
  const sent = payloadOf(current, operation.change, deps);
  if ('refusal' in sent) return refused(sent.refusal);
  const { payload } = sent;
  return changeJob(job, { ...contextOf(operation, deps), kind: 'ChangePayload', payload }, deps);
}
