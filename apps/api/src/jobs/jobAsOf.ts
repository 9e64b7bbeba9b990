import { fold, type Job } from '@jobstream/domain';
import type { ApiDeps } from '../apiDeps.ts';
import { noSuchJob } from './jobIdOf.ts';
import type { Moment } from './jobQuery.ts';
import { Problem } from '../problems/problem.ts';

/**
 * The job as it was at an instant (by the times at which its events happened, which are those that the job shows) or at
 * a place in the log; throws a Problem for a moment before its creation.
 */
export async function jobAsOf(id: string, moment: Moment, { log }: Pick<ApiDeps, 'log'>): Promise<Job> {
  const history = await log.readHistory(id);
  if (history.length === 0) throw noSuchJob();
  const last = history.findLastIndex(({ sequence, event }) =>
    typeof moment === 'number' ? sequence <= moment : Date.parse(event.at) <= Date.parse(moment),
  );
  const job = fold(history.slice(0, last + 1).map(({ event }) => event));
  if (job === undefined) throw new Problem('job-not-found', { detail: 'the job had not been created by then' });
  return job;
}
