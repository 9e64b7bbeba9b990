import { fold, type Job, type LoggedEvent } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';
import type { Moment } from '../../past/pastMoment.ts';
import { Problem } from '../../problems/problem.ts';
import { noSuchJob } from '../view/jobPath.ts';

type History = readonly RecordedEvent<LoggedEvent>[];

/**
 * Folds a job up to a time, by when the server has stored its events, or up to a sequence.
 *
 * @throws Problem `job-not-found` for a moment before its creation, or before the events that are left.
 */
export async function jobAsOf(id: string, moment: Moment, { log }: Pick<ApiDeps, 'log'>): Promise<Job> {
  const history = await log.readWholeHistory(id);
  if (history.length === 0) throw noSuchJob();
  const job = foldUntil(history, moment);
  if (job !== undefined) return job;
  const isWhole = history[0]?.event.event === 'JobCreated';
  throw new Problem('job-not-found', {
    detail: isWhole ? 'the job was created later' : 'its events of that time have left the log for good',
  });
}

/** Histories that are in memory at once: a usual page, whose jobs share what is read of an archive. */
const AT_ONCE = 50;

/**
 * Reads jobs that are known to have existed at the moment; leaves out those whose events have left the log for good.
 *
 * @throws what the log throws.
 */
export async function jobsAsOf(
  ids: readonly string[],
  moment: Moment,
  { log }: Pick<ApiDeps, 'log'>,
): Promise<readonly Job[]> {
  const jobs: (Job | undefined)[] = [];
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const histories = ids.slice(start, start + AT_ONCE).map((id) => log.readWholeHistory(id));
    for (const history of await Promise.all(histories)) jobs.push(foldUntil(history, moment) ?? carriedLater(history));
  }
  return jobs.filter((job) => job !== undefined);
}

/** In the order of the log, in which the server's clock may have been set back. */
function foldUntil(history: History, moment: Moment): Job | undefined {
  const later = history.findIndex(({ sequence, recordedAt }) =>
    typeof moment === 'number' ? sequence > moment : Date.parse(recordedAt) > Date.parse(moment),
  );
  return fold(history.slice(0, later === -1 ? history.length : later).map(({ event }) => event));
}

/** Where the log begins with a JobCarried, nothing has changed the job since before the log begins. */
function carriedLater([first]: History): Job | undefined {
  return first?.event.event === 'JobCarried' ? fold([first.event]) : undefined;
}
