import { JobId } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request, Response } from 'express';
import { Problem } from '../../problems/problem.ts';

/** The path parameters of one job. */
export const JobPath = Schema.Struct({ id: JobId });

const isJobId = Schema.is(JobId);

/**
 * Returns the job id in the path and adds it to the request log.
 *
 * @throws Problem `job-not-found` for a text that is not an id.
 */
export function jobIdOf(req: Request, res: Response): string {
  const id = String(req.params['id']).toLowerCase();
  if (!isJobId(id)) throw noSuchJob();
  res.locals['jobId'] = id;
  return id;
}

/** The problem of a job that neither the table nor the log has. */
export function noSuchJob(): Problem {
  return new Problem('job-not-found', { detail: 'no job has this id' });
}
