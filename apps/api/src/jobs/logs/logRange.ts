import { isTerminal, type Job } from '@jobstream/domain';
import type { LogPageQuery, LogQuery } from '@jobstream/eventlog';

/** The clocks of servers may be apart. */
const BEFORE_MS = 60_000;
/** Lines that could not be sent at once come late. */
const AFTER_MS = 5 * 60_000;

/** Returns between which times the lines of a job's attempts were stored. */
export function rangeOf(job: Job): Pick<LogQuery & LogPageQuery, 'jobId' | 'since' | 'until'> {
  const { id: jobId, status, createdAt, updatedAt } = job;
  const until = isTerminal(status) ? Date.parse(updatedAt) + AFTER_MS : undefined;
  return { jobId, since: Date.parse(createdAt) - BEFORE_MS, until };
}

/** Whether an attempt is over, or will never be: no lines of it are to come but those that are late. */
export function isOver({ status, attempt: last }: Job, attempt: number): boolean {
  const goesOn = status === 'processing' || status === 'waiting';
  return isTerminal(status) || last > attempt || (last === attempt && !goesOn);
}
