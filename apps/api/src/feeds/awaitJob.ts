import { evolve, type Job, type JobState } from '@jobstream/domain';
import type { Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { jobStory } from './jobStory.ts';

export interface Waiting {
  readonly until: (job: Job) => boolean;
  readonly ms: number;
}

/**
 * The job as soon as it is as wanted, or as it is when the time is over, the client has gone or the process stops.
 * Undefined if the log does not have it.
 */
export async function awaitJob(
  id: string,
  { until, ms }: Waiting,
  res: Response,
  deps: Pick<ApiDeps, 'log' | 'tail' | 'held'>,
): Promise<JobState> {
  const over = new AbortController();
  const abort = () => over.abort();
  deps.held.hold(res, abort);
  res.once('close', abort);
  const timer = setTimeout(abort, ms);
  let job: JobState;
  try {
    for await (const events of jobStory(id, deps, over.signal)) {
      job = events.reduce((state: JobState, { event }) => evolve(state, event), job);
      if (job === undefined || until(job)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return job;
}
