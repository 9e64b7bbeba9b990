import * as creation from '@jobstream/creation';
import type { Job, JobEvent, OnConflict } from '@jobstream/domain';
import type { ApiDeps } from '../../apiDeps.ts';
import { invalidRequest } from '../../http/parsing/decodeBody.ts';
import type { FieldError } from '../../problems/problem.ts';

type ReadDeps = Pick<ApiDeps, 'log' | 'table' | 'servedVersions'>;

/**
 * Like appendNewJob, but for a job that the check of its payload refuses with `errors`. A repeated request is answered
 * with its job even so, since the schema may have changed after the first.
 *
 * @throws Problem `invalid-request` if there are errors and the job does not exist.
 */
export function appendCheckedJob(
  event: JobEvent,
  { errors, onConflict }: { readonly errors: readonly FieldError[]; readonly onConflict?: OnConflict | undefined },
  deps: ReadDeps,
): Promise<creation.Creation> {
  return errors.length === 0
    ? creation.appendNewJob(event, deps, onConflict)
    : refuseUnlessRepeated([event], errors, deps);
}

/**
 * Appends the first events of many jobs atomically, with `errors` as in appendCheckedJob.
 *
 * @returns as appendNewJobs.
 */
export function appendCheckedJobs(
  events: readonly JobEvent[],
  {
    errors,
    onConflict,
  }: { readonly errors: readonly FieldError[]; readonly onConflict?: ReadonlyMap<string, OnConflict> },
  deps: ReadDeps,
): Promise<creation.Creations> {
  return errors.length === 0
    ? creation.appendNewJobs(events, deps, onConflict)
    : refuseUnlessRepeated(events, errors, deps);
}

/** Returns what an append of jobs of which one exists does. */
async function refuseUnlessRepeated(
  events: readonly JobEvent[],
  errors: readonly FieldError[],
  deps: ReadDeps,
): Promise<{ readonly kind: 'exists' }> {
  const find = ({ jobId }: JobEvent) => findExistingJob(jobId, deps);
  if (await creation.anyKeyed(events, find)) return { kind: 'exists' };
  throw invalidRequest(errors);
}

/**
 * Finds the job that a creation conflicted with, in the log, or in the table if its events have expired.
 *
 * @throws LogUnavailableError if it cannot be read within half a second.
 */
export function existingJob(id: string, deps: ReadDeps): Promise<Job> {
  return creation.existingJob(id, () => findExistingJob(id, deps));
}

/** Like existingJob, but returns undefined if there is none. */
export async function findExistingJob(id: string, deps: ReadDeps): Promise<Job | undefined> {
  const job = await creation.findExistingJob(id, deps);
  if (job !== undefined) deps.servedVersions.record(job);
  return job;
}
