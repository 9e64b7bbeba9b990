import { type JobEventName, timestampOf } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { JobOperation, OperationJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { type AppliedCommand, applyCommand } from '../change/applyCommand.ts';
import type { Outcome } from '../change/changePage.ts';

/** The outcome for a job for which it was refused. */
export function refused(reason: string): Outcome {
  return { outcome: 'failed', reason };
}

export const gone: Outcome = { outcome: 'skipped', reason: 'there is no such job any more' };

/** The event that a command of an operation leads to. What else bears the id of the operation only prepares it. */
const deeds = {
  CancelJob: ['JobCancelled'],
  RequeueJob: ['JobRequeued', 'JobRequeuedWithPriority'],
  ChangePayload: ['JobPayloadChanged'],
} as const satisfies Partial<Record<AppliedCommand['kind'], readonly JobEventName[]>>;

type OperationCommand = Extract<AppliedCommand, { readonly kind: keyof typeof deeds }>;

/** Applies a command of an operation to one job. A job that does not allow it may have it from before a crash. */
export async function changeJob(job: OperationJob, command: OperationCommand, deps: ApiDeps): Promise<Outcome> {
  const applied = await applyCommand(job, command, deps);
  if (applied === undefined) return gone;
  if (applied.rejection === undefined) {
    deps.servedVersions.record(applied.job);
    return { outcome: 'done' };
  }
  const history = await deps.log.readHistory(job.id);
  const isDone = history.some(({ event }) => isDeed(event, command.kind, command.correlationId));
  if (isDone) return { outcome: 'done' };
  const { kind, detail } = applied.rejection;
  return { outcome: kind === 'unreadable' ? 'failed' : 'skipped', reason: detail };
}

/** Whether an event is what an operation does, and not one that was written in order to do it. */
export function isDeed(
  event: { readonly event: string; readonly correlationId?: string | undefined },
  command: keyof typeof deeds,
  operationId: string | undefined,
): boolean {
  return deeds[command].some((deed) => deed === event.event) && event.correlationId === operationId;
}

/** What the events of an operation have in common. */
export function contextOf({ id, actor, reason }: JobOperation, { log }: ApiDeps) {
  const context = { eventId: newId(), at: timestampOf(log.clock.now()), actor, correlationId: id };
  return reason === null ? context : { ...context, reason };
}
