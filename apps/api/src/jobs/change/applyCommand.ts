import { decide, evolve, isRejection, type Job, type JobCommandOf, type Rejection } from '@jobstream/domain';
import { ConcurrentAppendError, isShredded, type JobSnapshot } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';

export type ChangeCommand = JobCommandOf<'CancelJob' | 'RequeueJob'>;

/** The job after a command, or as it is when the domain refused it. */
export interface Applied {
  readonly job: Job;
  readonly rejection?: Rejection;
}

// A running job appends a few events in its life; who loses this often has met something else than bad luck.
const MAX_TRIES = 8;

/**
 * Carries out a command on the job as it is now, and decides anew when the job has moved on meanwhile. Undefined: the
 * log has no such job. Knowing the job's type makes it a little faster.
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

/** Without its payload the job could only fail again. */
function refusalOf({ kind }: ChangeCommand, { payload }: Job): Rejection | undefined {
  if (kind !== 'RequeueJob' || !isShredded(payload)) return undefined;
  return { kind: 'illegal-transition', detail: 'the payload of the job was erased' };
}
