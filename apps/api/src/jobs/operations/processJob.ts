import { randomUUIDv7 } from 'node:crypto';
import { type Rejection, timestampOf } from '@jobstream/domain';
import type { JobOperation, OperationJob, ProcessedJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { applyCommand, type ChangeCommand } from '../change/applyCommand.ts';
import { replayJob } from './replayJob.ts';

type Outcome = Omit<ProcessedJob, 'position'>;

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
      return change(job, commandOf('CancelJob', operation, deps), deps);
    case 'retry':
      return retry(job, operation, deps);
  }
}

/** A job that has moved on may have been retried and have failed again: it is retried once. */
async function retry(job: OperationJob, operation: JobOperation, deps: ApiDeps): Promise<Outcome> {
  const found = await deps.log.readJob(job.id, job.type);
  if (found !== undefined && found.job.version !== job.version) return unlessDone(job, operation.id, deps);
  return change(job, commandOf('RequeueJob', operation, deps), deps);
}

async function change(job: OperationJob, command: ChangeCommand, deps: ApiDeps): Promise<Outcome> {
  const applied = await applyCommand(job, command, deps);
  if (applied === undefined) return { outcome: 'skipped', reason: 'there is no such job any more' };
  if (applied.rejection !== undefined) return unlessDone(job, command.correlationId, deps, applied.rejection);
  deps.servedVersions.record(applied.job);
  return { outcome: 'done' };
}

/** The job does not allow the change, or has changed: because of the same operation, before a crash, or of another. */
async function unlessDone(
  { id }: OperationJob,
  correlationId: string | undefined,
  { log }: ApiDeps,
  rejection?: Rejection,
): Promise<Outcome> {
  const history = await log.readHistory(id);
  if (history.some(({ event }) => event.correlationId === correlationId)) return { outcome: 'done' };
  return { outcome: 'skipped', reason: rejection?.detail ?? 'the job has changed since the operation was accepted' };
}

function commandOf(kind: ChangeCommand['kind'], { id, actor, reason }: JobOperation, { log }: ApiDeps): ChangeCommand {
  const context = { eventId: randomUUIDv7(), at: timestampOf(log.clock.now()), actor, correlationId: id };
  return { ...context, kind, ...(reason === null ? {} : { reason }) };
}
