import { JobId } from '@jobstream/domain';
import { Schema } from 'effect';
import type { Request, Response } from 'express';
import { Problem } from '../../problems/problem.ts';

/** The path of what concerns one job. */
export const JobPath = Schema.Struct({ id: JobId });

const isJobId = Schema.is(JobId);

/** The job that the path names; noted for the log line of the request. A text that cannot be an id names no job. */
export function jobIdOf(req: Request, res: Response): string {
  const id = String(req.params['id']).toLowerCase();
  if (!isJobId(id)) throw noSuchJob();
  res.locals['jobId'] = id;
  return id;
}

/** What is answered for a job that neither the table nor the log knows. */
export function noSuchJob(): Problem {
  return new Problem('job-not-found', { detail: 'no job has this id' });
}
