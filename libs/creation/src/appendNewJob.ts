import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, type EventLog, LogUnavailableError } from '@jobstream/eventlog';

/** A creation that lost a race may learn so a moment before the winner can be read. */
const MAX_READS = 10;

const PAUSE_MS = 50;

/** Concurrent lookups for a batch. */
const CONCURRENCY = 50;

/**
 * The log refuses a new job because of messages of which no job can be made: a stranger has stored them on its subjects, or the
 * replica that is read lags. Report it as temporary; where it stays, an operator has to look at the messages.
 */
export class UnreadableConflictError extends LogUnavailableError {
  constructor(id: string) {
    super('');
    this.message = `job ${id} exists but cannot be read`;
  }
}

/** The log, and the table, which still has the jobs that the log has expired. */
export interface AppendDeps {
  readonly log: Pick<EventLog, 'append' | 'appendAll' | 'contents' | 'expiresPermanently' | 'readJob'>;
  readonly table: { findJob(id: string): Promise<{ readonly job: Job } | undefined> };
}

/**
 * Appends the first event of a job.
 *
 * @returns false when the job exists, which only happens to an id derived from an idempotency key, or to a repetition.
 */
export function appendNewJob(event: JobEvent, deps: AppendDeps): Promise<boolean> {
  return unlessExists([event], () => deps.log.append(event, 0), deps);
}

/** Like appendNewJob, for many jobs in one atomic append: when one of them exists, nothing is stored. */
export function appendNewJobs(events: readonly JobEvent[], deps: AppendDeps): Promise<boolean> {
  return unlessExists(events, () => deps.log.appendAll(events), deps);
}

async function unlessExists(
  events: readonly JobEvent[],
  append: () => Promise<number>,
  { log, table }: AppendDeps,
): Promise<boolean> {
  // The log accepts a job again whose events have expired.
  const find = ({ jobId }: JobEvent) => table.findJob(jobId);
  if (log.expiresPermanently && (await anyKeyed(events, find))) return false;
  try {
    await append();
    return true;
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return false;
    throw error;
  }
}

/** Whether `find` finds any of the events' jobs that have an idempotency key. */
export async function anyKeyed(
  events: readonly JobEvent[],
  find: (event: JobEvent) => Promise<object | undefined>,
): Promise<boolean> {
  const keyed = events.filter(hasKey);
  for (let checked = 0; checked < keyed.length; checked += CONCURRENCY) {
    const found = await Promise.all(keyed.slice(checked, checked + CONCURRENCY).map(find));
    if (found.some((job) => job !== undefined)) return true;
  }
  return false;
}

function hasKey({ event, data }: JobEvent): boolean {
  return event === 'JobCreated' && data.idempotencyKey !== undefined;
}

/**
 * Finds the job that a creation conflicted with, by `find`.
 *
 * @throws UnreadableConflictError if it cannot be read within half a second.
 */
export async function existingJob(id: string, find: (id: string) => Promise<Job | undefined>): Promise<Job> {
  for (let reads = 1; reads <= MAX_READS; reads++) {
    const job = await find(id);
    if (job !== undefined) return job;
    await pause(PAUSE_MS);
  }
  throw new UnreadableConflictError(id);
}

/** Finds a job in the log, or in the table if its events have expired; undefined if there is none. */
export async function findExistingJob(id: string, { log, table }: AppendDeps): Promise<Job | undefined> {
  const job = (await log.readJob(id))?.job ?? (await table.findJob(id))?.job;
  return job && log.contents.openJob(job);
}
