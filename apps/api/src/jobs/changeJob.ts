import type { Job } from '@jobstream/domain';
import type { ApiDeps } from '../apiDeps.ts';
import { applyCommand, type ChangeCommand } from './applyCommand.ts';
import { noSuchJob } from './jobIdOf.ts';
import { rejectionProblem } from '../problems/rejectionProblem.ts';

/** Carries out a command on a job and returns the job after it; who cancels twice wanted the same both times. */
export async function changeJob(id: string, command: ChangeCommand, deps: ApiDeps): Promise<Job> {
  const applied = await applyCommand({ id }, command, deps);
  if (applied === undefined) throw noSuchJob();
  const { job, rejection } = applied;
  if (rejection !== undefined && rejection.kind !== 'already-cancelled') throw rejectionProblem(rejection);
  return job;
}
