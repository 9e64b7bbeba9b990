import { randomUUIDv7 } from 'node:crypto';
import { type Rejection, timestampOf } from '@jobstream/domain';
import type { JobOperation, OperationJob, ProcessedJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { type AppliedCommand, applyCommand } from '../change/applyCommand.ts';

/** What became of one job. */
export type Outcome = Omit<ProcessedJob, 'position'>;

/** Applies a command of an operation to one job. */
export async function changeJob(job: OperationJob, command: AppliedCommand, deps: ApiDeps): Promise<Outcome> {
  const applied = await applyCommand(job, command, deps);
  if (applied === undefined) return gone;
  if (applied.rejection !== undefined) return unlessDone(job, command.correlationId, deps, applied.rejection);
  deps.servedVersions.record(applied.job);
  return { outcome: 'done' };
}

export const gone: Outcome = { outcome: 'skipped', reason: 'there is no such job any more' };

/** The job does not allow the change, or has changed: because of the same operation, before a crash, or of another. */
export async function unlessDone(
  { id }: OperationJob,
  correlationId: string | undefined,
  { log }: ApiDeps,
  rejection?: Rejection,
): Promise<Outcome> {
  const history = await log.readHistory(id);
  if (history.some(({ event }) => event.correlationId === correlationId)) return { outcome: 'done' };
  return { outcome: 'skipped', reason: rejection?.detail ?? 'the job has changed since the operation was accepted' };
}

/** What the events of an operation have in common. */
export function contextOf({ id, actor, reason }: JobOperation, { log }: ApiDeps) {
  const context = { eventId: randomUUIDv7(), at: timestampOf(log.clock.now()), actor, correlationId: id };
  return reason === null ? context : { ...context, reason };
}
