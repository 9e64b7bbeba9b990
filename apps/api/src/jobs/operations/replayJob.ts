import { hash } from 'node:crypto';
import { appendNewJob, existingJob, findExistingJob, scopedCreationEvent } from '@jobstream/creation';
import {
  canonicalJson,
  isTerminal,
  type Job,
  type JobEvent,
  timestampOf,
  uniqueFaults,
  uuidV8,
} from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { OperationJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { originOfRepetition, requestLike } from '../create/repeatedJob.ts';
import { findJob } from '../read/findJob.ts';
import type { Outcome } from '../change/changePage.ts';
import { gone, refused } from './changeJob.ts';
import type { OpenedOperation } from './operationContents.ts';
import { payloadOf } from './payloads/payloadOf.ts';

/**
 * Creates a job with the type, the settings and the payload of one that has ended, patched if the operation says so.
 *
 * The id of the new job follows from the operation and the source, so that a repetition finds it instead of making another.
 */
export async function replayJob({ id }: OperationJob, operation: OpenedOperation, deps: ApiDeps): Promise<Outcome> {
  const source = await findJob(id, deps);
  if (source === undefined) return unlessDone(idOfRepetition(id, operation), gone, deps);
  const planned = repetition(source, operation, deps);
  return 'event' in planned
    ? createOrFind(planned.event, deps)
    : unlessDone(idOfRepetition(id, operation), planned.obstacle, deps);
}

/** A source that cannot be repeated any more may have been, before a crash. */
async function unlessDone(newJobId: string, otherwise: Outcome, deps: ApiDeps): Promise<Outcome> {
  return (await findExistingJob(newJobId, deps)) === undefined ? otherwise : { outcome: 'done', newJobId };
}

/** The creation of a job that repeats another, or the outcome for one that cannot be repeated. */
export function repetition(
  source: Job,
  operation: OpenedOperation,
  deps: ApiDeps,
): { readonly event: JobEvent } | { readonly obstacle: Outcome } {
  if (!isTerminal(source.status)) {
    return { obstacle: { outcome: 'skipped', reason: `the job has not ended: it is ${source.status}` } };
  }
  if (source.unreadableEvents !== undefined) {
    return { obstacle: refused('the job has events of a newer release') };
  }
  const changed = payloadOf(source, operation.change, deps);
  if ('refusal' in changed) return { obstacle: refused(changed.refusal) };
  const [fault] = uniqueFaults(requestLike(source, { payload: changed.payload }));
  if (fault !== undefined) return { obstacle: refused(fault.detail) };
  return { event: creationOf(source, changed.payload, operation, deps.log.clock.now()) };
}

function creationOf(source: Job, payload: unknown, operation: OpenedOperation, now: number): JobEvent {
  const { tenant } = source;
  const request = requestLike(source, { payload });
  const digest = digestOf(source.id, operation);
  return scopedCreationEvent({
    request,
    identity: {
      jobId: uuidV8(digest),
      idempotencyKey: digest,
      fingerprint: hash('sha256', canonicalJson(request)),
    },
    origin: originOfRepetition(source, operation.reason),
    context: {
      eventId: newId(),
      at: timestampOf(now),
      actor: operation.actor,
      correlationId: operation.id,
      ...(tenant === undefined ? {} : { tenant }),
    },
  });
}

/** Keys of clients have no line break, so none gives these ids. */
function digestOf(sourceId: string, { id }: OpenedOperation): string {
  return hash('sha256', `operation\n${id}\n${sourceId}`);
}

function idOfRepetition(sourceId: string, operation: OpenedOperation): string {
  return uuidV8(digestOf(sourceId, operation));
}

async function createOrFind(event: JobEvent, deps: ApiDeps): Promise<Outcome> {
  // A conflict can only be with the same creation: nothing else makes this id.
  const creation = await appendNewJob(event, deps);
  if (creation.kind === 'held')
    return { outcome: 'skipped', reason: `job ${creation.holder.job.id} holds the unique key` };
  if (creation.kind === 'exists') await existingJob(event.jobId, (id) => findExistingJob(id, deps));
  return { outcome: 'done', newJobId: event.jobId };
}
