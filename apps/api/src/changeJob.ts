import { decide, evolve, isRejection, type Job, type JobCommandOf, type Rejection } from '@jobstream/domain';
import { ConcurrentAppendError, type JobSnapshot } from '@jobstream/eventlog';
import type { ApiDeps } from './apiDeps.ts';
import { noSuchJob } from './jobIdOf.ts';
import { rejectionProblem } from './rejectionProblem.ts';

export type ChangeCommand = JobCommandOf<'CancelJob' | 'RequeueJob'>;

// A running job appends a few events in its life; who loses this often has met something else than bad luck.
const MAX_TRIES = 8;

/** Carries out a command on the job as it is now, and returns the job after it; decides anew when the job has moved on. */
export async function changeJob(id: string, command: ChangeCommand, { log }: ApiDeps): Promise<Job> {
  for (let tries = 1; ; tries++) {
    const snapshot = await log.readJob(id);
    if (snapshot === undefined) throw noSuchJob();
    try {
      return await decideAndAppend(snapshot, command, log);
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
    }
  }
}

async function decideAndAppend(snapshot: JobSnapshot, command: ChangeCommand, log: ApiDeps['log']): Promise<Job> {
  const decision = decide(command, snapshot.job);
  if (isRejection(decision)) return settled(decision, snapshot.job);
  await log.append(decision, snapshot.sequence);
  return evolve(snapshot.job, decision) ?? snapshot.job;
}

/** Who cancels twice wanted the same both times. */
function settled(rejection: Rejection, job: Job): Job {
  if (rejection.rejected === 'already-cancelled') return job;
  throw rejectionProblem(rejection);
}
