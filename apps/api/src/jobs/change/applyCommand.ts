import { randomUUID } from 'node:crypto';
import { decide, evolve, isRejection, type Job, type JobCommandOf, type Rejection } from '@jobstream/domain';
import { ConcurrentAppendError, isShredded, isUnreadable, type JobSnapshot } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';

export type ChangeCommand = JobCommandOf<'CancelJob' | 'RequeueJob'>;

/** The job after a command, or its current state if the domain rejected the command. */
export interface Applied {
  readonly job: Job;
  readonly rejection?: Rejection;
}

// A running job appends few events; losing this often is not a coincidence.
const MAX_TRIES = 8;

/**
 * Applies a command to the current state of a job, and decides again when another writer was faster.
 *
 * Passing the job's type saves a lookup.
 *
 * @returns undefined if the log has no such job.
 * @throws ConcurrentAppendError after 8 tries.
 */
export async function applyCommand(
  { id, type }: { readonly id: string; readonly type?: string },
  command: ChangeCommand,
  { log }: Pick<ApiDeps, 'log'>,
): Promise<Applied | undefined> {
  for (let tries = 1; ; tries++) {
    const snapshot = await log.readJob(id, type);
    if (snapshot === undefined) return undefined;
    try {
      return await decideAndAppend(snapshot, command, log);
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
    }
  }
}

async function decideAndAppend(found: JobSnapshot, command: ChangeCommand, log: ApiDeps['log']): Promise<Applied> {
  const refusal = refusalOf(command, found.job);
  if (refusal !== undefined) return { job: found.job, rejection: refusal };
  const { job, sequence } = (await mustCarry(found, command, log)) ? await carry(found, command, log) : found;
  const decision = decide(command, job);
  if (isRejection(decision)) return { job, rejection: decision };
  await log.append(decision, sequence);
  return { job: evolve(job, decision) ?? job };
}

/**
 * Whether the job would be requeued behind events that the log may lose at any moment: a keeper that has just looked at it
 * takes it for one that has ended. Without its contents it cannot be written down again.
 */
async function mustCarry(snapshot: JobSnapshot, command: ChangeCommand, log: ApiDeps['log']): Promise<boolean> {
  if (command.kind !== 'RequeueJob' || isRejection(decide(command, snapshot.job))) return false;
  if (!log.prefix.mayLose(snapshot) || isUnreadable(snapshot.job.payload)) return false;
  return log.announcements.canWrite('JobCarried');
}

async function carry(snapshot: JobSnapshot, command: ChangeCommand, log: ApiDeps['log']): Promise<JobSnapshot> {
  const carried = decide({ ...command, kind: 'CarryJob', keepsCause: true, eventId: randomUUID() }, snapshot.job);
  if (isRejection(carried)) throw new Error(`a job that can be requeued cannot be carried: ${carried.detail}`);
  const sequence = await log.append(carried, snapshot.sequence);
  return { ...snapshot, job: evolve(snapshot.job, carried) ?? snapshot.job, sequence };
}

/** A job without its payload could only fail again. */
function refusalOf({ kind }: ChangeCommand, { payload }: Job): Rejection | undefined {
  if (kind !== 'RequeueJob' || !isShredded(payload)) return undefined;
  return { kind: 'illegal-transition', detail: 'the payload of the job was erased' };
}
