import { decide, evolve, isRejection, type Job, type JobCommandOf, type Rejection } from '@jobstream/domain';
import { ConcurrentAppendError, isShredded, type JobSnapshot } from '@jobstream/eventlog';
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

async function decideAndAppend(snapshot: JobSnapshot, command: ChangeCommand, log: ApiDeps['log']): Promise<Applied> {
  const decision = refusalOf(command, snapshot.job) ?? decide(command, snapshot.job);
  if (isRejection(decision)) return { job: snapshot.job, rejection: decision };
  await log.append(decision, snapshot.sequence);
  return { job: evolve(snapshot.job, decision) ?? snapshot.job };
}

/** A job without its payload could only fail again. */
function refusalOf({ kind }: ChangeCommand, { payload }: Job): Rejection | undefined {
  if (kind !== 'RequeueJob' || !isShredded(payload)) return undefined;
  return { kind: 'illegal-transition', detail: 'the payload of the job was erased' };
}
