import { setTimeout as pause } from 'node:timers/promises';
import {
  addMs,
  awaitsFirstStart,
  evolve,
  keepsKey,
  type Job,
  type JobEvent,
  type JobEventOf,
  type OnConflict,
  type Unique,
} from '@jobstream/domain';
import { ConcurrentAppendError, type Claim, type EventLog, LogUnavailableError } from '@jobstream/eventlog';
import { mapConcurrently } from './mapConcurrently.ts';
import { reviseHolder } from './reviseHolder.ts';

/** The log, and the table, which still has the jobs that the log has expired. */
export interface UniqueDeps {
  readonly log: Pick<EventLog, 'append' | 'clock' | 'contents' | 'readJob' | 'unique'>;
  readonly table: { findJob(id: string): Promise<{ readonly job: Job } | undefined> };
}

/** The creation of a unique job, with its key. */
interface UniqueCreation {
  readonly event: JobEventOf<'JobCreated'>;
  readonly key: string;
  readonly unique: Unique;
}

/** Which of some new jobs may be created, with the claims of their keys by their ids, and whose keys other jobs hold. */
export interface ClaimedEvents {
  readonly events: readonly JobEvent[];
  readonly claims: ReadonlyMap<string, Claim>;
  /** By the ids of the jobs that are not to be created. */
  readonly held: ReadonlyMap<string, Holder>;
}

/** The job that holds the unique key of another one, which was not created. */
export interface Holder {
  readonly job: Job;
  /** Set where the request has changed it. */
  readonly revised?: true;
}

/**
 * A job that nobody can read any more holds a unique key until its time is over: the log and the table have let it go.
 */
export class UniqueKeyHeldError extends Error {
  readonly code = 'UNIQUE_KEY_HELD';

  constructor(jobId: string, until: string) {
    super(`job ${jobId}, which is not kept any more, holds the unique key until ${until}`);
  }
}

export function isUniqueCreation(event: JobEvent): event is JobEventOf<'JobCreated'> {
  return event.event === 'JobCreated' && event.data.unique !== undefined;
}

/** A key that is claimed by many at once passes from one to the next within milliseconds. */
const PATIENCE_MS = 2_000;
const LONGEST_PAUSE_MS = 40;

export interface UniqueAppend {
  /** What requests do to the jobs that hold their keys, by the ids of their own; default: nothing. */
  readonly onConflict?: ReadonlyMap<string, OnConflict> | undefined;
  readonly append: (claimed: ClaimedEvents) => Promise<unknown>;
  /** Whether one of the jobs themselves exists, of those that may; `conflicted` after a conflict, which may be with any of them. */
  readonly exists: (conflicted: boolean) => Promise<boolean>;
}

/**
 * Reads who holds the keys of unique jobs, and appends those that are free, all or none; does all of it again as long as another
 * writer was faster.
 *
 * @returns the jobs that hold the keys of the others, by the ids of those; undefined if one of the jobs exists.
 * @throws LogUnavailableError after two seconds, and what `append` throws.
 */
export async function appendUnique(
  events: readonly JobEvent[],
  steps: UniqueAppend,
  deps: UniqueDeps,
): Promise<ReadonlyMap<string, Holder> | undefined> {
  const keyed = await mapConcurrently(events, async (event) =>
    isUniqueCreation(event) ? withKey(event, deps) : event,
  );
  const [first, ...others] = keyed;
  const key = first === undefined || others.length > 0 ? undefined : creationOf(first)?.key;
  const work = () => claimAndAppend(keyed, steps, deps);
  // Of many requests for one key all but the first find that it is held.
  return key === undefined ? work() : deps.log.unique.inTurn(key, work);
}

async function claimAndAppend(
  events: readonly JobEvent[],
  { append, exists, onConflict }: UniqueAppend,
  deps: UniqueDeps,
): Promise<ReadonlyMap<string, Holder> | undefined> {
  let conflicted = false;
  for (const begun = performance.now(); performance.now() - begun < PATIENCE_MS;) {
    if (await exists(conflicted)) return undefined;
    const claimed = await readClaims(events, deps);
    if (events.some(({ jobId }) => claimed.held.get(jobId)?.job.id === jobId)) return undefined;
    try {
      const held = await reviseAll(events, claimed.held, { onConflict, log: deps.log });
      if (held !== undefined) {
        if (claimed.events.length > 0) await append(claimed);
        return held;
      }
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError)) throw error;
      conflicted = true;
    }
    await pause(Math.random() * LONGEST_PAUSE_MS);
  }
  throw new LogUnavailableError('other writers claimed the unique keys again and again');
}

/** Does to the holders what the requests ask for; undefined if one has started meanwhile: it may hold its key no more. */
async function reviseAll(
  events: readonly JobEvent[],
  held: ClaimedEvents['held'],
  { onConflict, log }: Pick<UniqueAppend, 'onConflict'> & Pick<UniqueDeps, 'log'>,
): Promise<ClaimedEvents['held'] | undefined> {
  if (onConflict === undefined) return held;
  const all = new Map(held);
  for (const event of events) {
    const holder = held.get(event.jobId);
    const wish = onConflict.get(event.jobId) ?? 'keep';
    if (holder === undefined || wish === 'keep' || event.event !== 'JobCreated') continue;
    if (!awaitsFirstStart(holder.job)) continue;
    const job = await reviseHolder(holder.job, event, { log, onConflict: wish });
    if (job === undefined) return undefined;
    all.set(event.jobId, { job, revised: true });
  }
  return all;
}

async function withKey(event: JobEventOf<'JobCreated'>, { log }: UniqueDeps): Promise<JobEvent> {
  const { jobType, tenant, data } = event;
  const { unique, payload } = data;
  if (unique === undefined) return event;
  return { ...event, data: { ...data, uniqueKey: await log.unique.keyOf({ jobType, tenant, unique, payload }) } };
}

/** Of two jobs with one key in one request the first is created. */
async function readClaims(events: readonly JobEvent[], deps: UniqueDeps): Promise<ClaimedEvents> {
  const first = new Map<string, UniqueCreation>();
  for (const event of events) {
    const creation = creationOf(event);
    if (creation !== undefined && !first.has(creation.key)) first.set(creation.key, creation);
  }
  const looks = await mapConcurrently([...first.values()], async (one) => [one.key, await lookAt(one, deps)] as const);
  const found = new Map(looks);
  const free: JobEvent[] = [];
  const claims = new Map<string, Claim>();
  const held = new Map<string, Holder>();
  for (const event of events) {
    const creation = creationOf(event);
    const look = creation && found.get(creation.key);
    const holder = look?.holder ?? holderInRequest(creation, first);
    if (holder !== undefined) held.set(event.jobId, { job: holder });
    else free.push(event);
    if (holder === undefined && creation !== undefined && look !== undefined)
      claims.set(event.jobId, claimOf(creation, look.after));
  }
  return { events: free, claims, held };
}

function creationOf(event: JobEvent): UniqueCreation | undefined {
  if (!isUniqueCreation(event)) return undefined;
  const { unique, uniqueKey: key } = event.data;
  return unique === undefined || key === undefined ? undefined : { event, unique, key };
}

function holderInRequest(
  creation: UniqueCreation | undefined,
  first: ReadonlyMap<string, UniqueCreation>,
): Job | undefined {
  const one = creation && first.get(creation.key)?.event;
  return one === undefined || one === creation?.event ? undefined : evolve(undefined, one);
}

interface Look {
  /** The sequence of the newest claim, 0 if there is none. */
  readonly after: number;
  readonly holder?: Job;
}

async function lookAt({ key, unique }: Omit<UniqueCreation, 'event'>, deps: UniqueDeps): Promise<Look> {
  const { log, table } = deps;
  const claim = await log.unique.newest(key);
  if (claim === undefined) return { after: 0 };
  const after = claim.sequence;
  const { jobId, jobType, until, renewed } = claim;
  // Where the log lacks the job its creation was never stored, but if the claim was renewed: then its events have expired.
  const inLog = jobId === '' ? undefined : await log.readJob(jobId, jobType);
  const kept = inLog?.job ?? (renewed === true ? (await table.findJob(jobId))?.job : undefined);
  const now = log.clock.now();
  if (kept !== undefined && keepsKey(kept, unique, now)) return { after, holder: await log.contents.openJob(kept) };
  if (kept === undefined && renewed === true && until !== undefined && now < Date.parse(until))
    throw new UniqueKeyHeldError(jobId, until);
  return { after };
}

function claimOf({ event, key, unique: { forMs } }: UniqueCreation, after: number): Claim {
  return { key, after, until: forMs === undefined ? undefined : addMs(event.at, forMs) };
}

/**
 * The claim with which an ended job takes its key again, to be appended with what brings it back. Undefined for a job that needs
 * none: only one that is unique while it is unfinished keeps others from being created again.
 *
 * @returns `holder` if another job has the key by now.
 */
export async function reclaim(
  job: Job,
  deps: UniqueDeps,
): Promise<{ readonly claim: Claim } | { readonly holder: Job } | undefined> {
  const { unique, uniqueKey: key } = job;
  if (unique?.while !== 'unfinished' || key === undefined) return undefined;
  const { after, holder } = await lookAt({ key, unique }, deps);
  return holder === undefined || holder.id === job.id ? { claim: { key, after } } : { holder };
}
