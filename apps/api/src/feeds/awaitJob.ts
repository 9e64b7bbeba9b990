import type { Job, JobState } from '@jobstream/domain';
import type { Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { changesOf, followJob } from './followJob.ts';

interface Waiting {
  readonly until: (job: Job) => boolean;
  readonly ms: number;
}

/**
 * Waits until a job satisfies `until`.
 *
 * When `ms` are over, the log is read once more: the live tail may be late, or may not be able to follow it.
 *
 * @returns the job as it is then, or as it was last when the client disconnects or the process stops; undefined for an unknown job.
 */
export async function awaitJob(
  id: string,
  { until, ms }: Waiting,
  res: Response,
  deps: Pick<ApiDeps, 'log' | 'tail' | 'longRequests'>,
): Promise<JobState> {
  const over = new AbortController();
  const abort = () => over.abort();
  deps.longRequests.track('feeds', res, abort);
  res.once('close', abort);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abort();
  }, ms);
  let job: JobState;
  try {
    for await (const news of followJob(id, deps, over.signal)) {
      ({ job } = news);
      if (job === undefined || until(job)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (!isLate || job === undefined || until(job)) return job;
  return changesOf(undefined, await deps.log.readWholeHistory(id)).job;
}
