import { setTimeout as pause } from 'node:timers/promises';
import { isCreation, type Job, type JobEvent, type OnConflict } from '@jobstream/domain';
import {
  appendUnique,
  type ClaimedEvents,
  ConcurrentAppendError,
  type EventLog,
  type Holder,
  isUniqueCreation,
  LogUnavailableError,
  type UniqueAppend,
  type UniqueDeps,
} from '@jobstream/eventlog';

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
  readonly log: Pick<EventLog, 'append' | 'appendAll' | 'contents' | 'expiresPermanently' | 'readJob'> &
    UniqueDeps['log'];
  readonly table: NonNullable<UniqueDeps['table']>;
}

/**
 * What became of new jobs. `exists`: one of them does, and nothing was stored; that only happens to an id derived from an
 * idempotency key, or to a repetition. `held` has the jobs that hold the unique keys of those that were not created, by the
 * ids of those.
 */
export type Creations =
  { readonly kind: 'created'; readonly held: ReadonlyMap<string, Holder> } | { readonly kind: 'exists' };

/** As Creations, of one job; `held` with the job that holds its unique key. */
export type Creation = { readonly kind: 'created' | 'exists' } | { readonly kind: 'held'; readonly holder: Holder };

const NONE_HELD: ReadonlyMap<string, Holder> = new Map();

/**
 * Appends the first event of a job, unless another one holds its unique key: then `onConflict` says what becomes of that.
 *
 * @throws UniqueKeyHeldError, and what the log throws.
 */
export function appendNewJob(event: JobEvent, deps: AppendDeps, onConflict?: OnConflict): Promise<Creation> {
  if (isUniqueCreation(event)) return appendUniqueJob(event, deps, onConflict);
  return unlessExists([event], () => deps.log.append(event, 0), deps);
}

async function appendUniqueJob(
  event: JobEvent,
  deps: AppendDeps,
  onConflict: OnConflict | undefined,
): Promise<Creation> {
  const wishes = onConflict && new Map([[event.jobId, onConflict]]);
  const outcome = await appendNewJobs([event], deps, wishes);
  const holder = outcome.kind === 'created' ? outcome.held.get(event.jobId) : undefined;
  return holder === undefined ? { kind: outcome.kind } : { kind: 'held', holder };
}

/**
 * Like appendNewJob, for many jobs in one atomic append: when one of them exists, nothing is stored; those whose unique keys are
 * held are left out.
 */
export async function appendNewJobs(
  events: readonly JobEvent[],
  deps: AppendDeps,
  onConflict?: ReadonlyMap<string, OnConflict>,
): Promise<Creations> {
  if (!events.some(isUniqueCreation)) return unlessExists(events, () => deps.log.appendAll(events), deps);
  if (deps.log.expiresPermanently && (await haveExpired(events, deps))) return { kind: 'exists' };
  return uniqueCreationsOf(events, onConflict, deps);
}

async function unlessExists(
  events: readonly JobEvent[],
  append: () => Promise<number>,
  deps: AppendDeps,
): Promise<Creations> {
  if (deps.log.expiresPermanently && events.some(hasKey) && (await haveExpired(events, deps)))
    return { kind: 'exists' };
  try {
    await append();
    return { kind: 'created', held: NONE_HELD };
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return { kind: 'exists' };
    throw error;
  }
}

/** Whether the table has one of the jobs: the log accepts a job again whose events have expired. */
function haveExpired(events: readonly JobEvent[], { table }: AppendDeps): Promise<boolean> {
  return anyKeyed(events, ({ jobId }) => table.findJob(jobId));
}

async function uniqueCreationsOf(
  events: readonly JobEvent[],
  onConflict: UniqueAppend['onConflict'],
  deps: AppendDeps,
): Promise<Creations> {
  const { log } = deps;
  const append = ({ events: free, claims }: ClaimedEvents) => log.appendAll(free, claims);
  const find = ({ jobId }: JobEvent) => log.readJob(jobId);
  const exists = (conflicted: boolean) => anyOf(conflicted ? events : events.filter(hasKey), find);
  const held = await appendUnique(events, { append, exists, onConflict }, deps);
  return held === undefined ? { kind: 'exists' } : { kind: 'created', held };
}

/** Whether `find` finds any of the events' jobs that have an idempotency key. */
export async function anyKeyed(
  events: readonly JobEvent[],
  find: (event: JobEvent) => Promise<object | undefined>,
): Promise<boolean> {
  return anyOf(events.filter(hasKey), find);
}

async function anyOf(
  events: readonly JobEvent[],
  find: (event: JobEvent) => Promise<object | undefined>,
): Promise<boolean> {
  for (let checked = 0; checked < events.length; checked += CONCURRENCY) {
    const found = await Promise.all(events.slice(checked, checked + CONCURRENCY).map(find));
    if (found.some((job) => job !== undefined)) return true;
  }
  return false;
}

function hasKey(event: JobEvent): boolean {
  return isCreation(event) && event.data.idempotencyKey !== undefined;
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
