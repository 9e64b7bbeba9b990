import { fold, isCarry, isCreation, type Job, type LoggedEvent } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import type { ApiDeps } from '../../apiDeps.ts';
import type { AsOf } from '../../past/asOf.ts';
import { Problem } from '../../problems/problem.ts';
import { noSuchJob } from '../view/jobPath.ts';

type History = readonly RecordedEvent<LoggedEvent>[];

/**
 * Folds a job up to a time, by when the server has stored its events, or up to a sequence.
 *
 * @throws Problem `job-not-found` for a time before its creation, or before the events that are left.
 */
export async function jobAsOf(id: string, asOf: AsOf, { log }: Pick<ApiDeps, 'log'>): Promise<Job> {
  const history = await log.readWholeHistory(id);
  if (history.length === 0) throw noSuchJob();
  const job = foldUntil(history, asOf);
  if (job !== undefined) return job;
  const isWhole = history[0] !== undefined && isCreation(history[0].event);
  throw new Problem('job-not-found', {
    detail: isWhole ? 'the job was created later' : 'its events of that time have left the log for good',
  });
}

/** Jobs as they were, and of how many that there were it is not known any more. */
export interface JobsAsOf {
  readonly jobs: readonly Job[];
  readonly unknown: number;
}

/** Histories that are in memory at once: a usual page, whose jobs share what is read of an archive. */
const AT_ONCE = 50;

/**
 * Reads jobs that are known to have existed then, after the event with `sequence`. Leaves out and counts those whose
 * state of then is not known: their events of that time have left the log for good.
 *
 * @throws what the log throws.
 */
export async function jobsAsOf(
  ids: readonly string[],
  { asOf, sequence }: { readonly asOf: AsOf; readonly sequence: number },
  { log }: Pick<ApiDeps, 'log'>,
): Promise<JobsAsOf> {
  const jobs: Job[] = [];
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const reading = ids.slice(start, start + AT_ONCE).map((id) => log.readWholeHistory(id));
    const histories = await Promise.all(reading);
    // Asked after them: what the log still has now it had while they were read.
    const hasAllSince = histories.some(isCarriedOn) && (await log.messages.span()).first <= sequence + 1;
    for (const history of histories) {
      const job = foldUntil(history, asOf) ?? (hasAllSince ? beforeCarried(history) : undefined);
      if (job !== undefined) jobs.push(job);
    }
  }
  return { jobs, unknown: ids.length - jobs.length };
}

/** Whether the history begins with the state that the job had, in place of the events that made it. */
function isCarriedOn([first]: History): boolean {
  return first !== undefined && isCarry(first.event);
}

/** The job before the JobCarried with which its history begins. */
function beforeCarried(history: History): Job | undefined {
  const [first] = history;
  const job = isCarriedOn(history) && first !== undefined ? fold([first.event]) : undefined;
  return job && { ...job, version: job.version - 1 };
}

/** In the order of the log, in which the server's clock may have been set back. */
function foldUntil(history: History, asOf: AsOf): Job | undefined {
  const later = history.findIndex(({ sequence, recordedAt }) =>
    typeof asOf === 'number' ? sequence > asOf : Date.parse(recordedAt) > Date.parse(asOf),
  );
  return fold(history.slice(0, later === -1 ? history.length : later).map(({ event }) => event));
}
