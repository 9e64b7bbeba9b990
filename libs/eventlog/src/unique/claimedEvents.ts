import {
  addMs,
  type CreationName,
  evolve,
  isCreation,
  type Job,
  type JobEvent,
  type JobEventOf,
  type Unique,
} from '@jobstream/domain';
import type { Claim } from '../append/appendRequest.ts';
import { type KeyState, readKey, type UniqueDeps } from './holders.ts';
import { mapConcurrently } from './mapConcurrently.ts';

/** The job that holds the unique key of another one, which was not created. */
export interface Holder {
  readonly job: Job;
  /** Set where the request has changed it. */
  readonly revised?: true;
}

/** Which of some new jobs may be created, with the claims of their keys by their ids, and whose keys other jobs hold. */
export interface ClaimedEvents {
  readonly events: readonly JobEvent[];
  readonly claims: ReadonlyMap<string, Claim>;
  /** By the ids of the jobs that are not to be created. */
  readonly held: ReadonlyMap<string, Holder>;
}

/** The creation of a unique job, with its key. */
interface UniqueCreation {
  readonly event: JobEventOf<CreationName>;
  readonly key: string;
  readonly unique: Unique;
}

export function isUniqueCreation(event: JobEvent): event is JobEventOf<CreationName> {
  return isCreation(event) && event.data.unique !== undefined;
}

/** Returns the event with its unique key, if it is the creation of a unique job. */
export async function withKey(event: JobEvent, { log }: UniqueDeps): Promise<JobEvent> {
  if (!isCreation(event)) return event;
  const { jobType, tenant, data } = event;
  const { unique, payload } = data;
  if (unique === undefined) return event;
  const uniqueKey = await log.unique.keyOf({ jobType, tenant, unique, payload });
  return { ...event, data: { ...data, uniqueKey } } as JobEvent;
}

/** The unique key that `withKey` has put into the event. */
export function keyOf(event: JobEvent | undefined): string | undefined {
  return event !== undefined && isCreation(event) ? event.data.uniqueKey : undefined;
}

/** Reads who holds the keys of the events, which have them. Of two jobs with one key the first is created. */
export async function readClaims(events: readonly JobEvent[], deps: UniqueDeps): Promise<ClaimedEvents> {
  const first = firstOfEachKey(events);
  const states = await mapConcurrently([...first.values()], ({ key, unique }) => readKey(key, unique, deps));
  const known = new Map([...first.keys()].map((key, index) => [key, states[index]] as const));
  const claims = new Map<string, Claim>();
  const held = new Map<string, Holder>();
  for (const event of events) {
    const creation = creationOf(event);
    const state = creation && known.get(creation.key);
    if (creation === undefined || state === undefined) continue;
    const job = holderOf(creation, state, first);
    if (job === undefined) claims.set(event.jobId, claimOf(creation, state.after));
    else held.set(event.jobId, { job });
  }
  return { events: events.filter(({ jobId }) => !held.has(jobId)), claims, held };
}

function firstOfEachKey(events: readonly JobEvent[]): ReadonlyMap<string, UniqueCreation> {
  const first = new Map<string, UniqueCreation>();
  for (const event of events) {
    const creation = creationOf(event);
    if (creation !== undefined && !first.has(creation.key)) first.set(creation.key, creation);
  }
  return first;
}

function creationOf(event: JobEvent): UniqueCreation | undefined {
  if (!isUniqueCreation(event)) return undefined;
  const { unique, uniqueKey: key } = event.data;
  return unique === undefined || key === undefined ? undefined : { event, unique, key };
}

function holderOf(
  { event, key }: UniqueCreation,
  { holder }: KeyState,
  first: ReadonlyMap<string, UniqueCreation>,
): Job | undefined {
  const one = first.get(key)?.event;
  return holder ?? (one === undefined || one === event ? undefined : evolve(undefined, one));
}

function claimOf({ event, key, unique: { forMs } }: UniqueCreation, after: number): Claim {
  return { key, after, until: forMs === undefined ? undefined : addMs(event.at, forMs) };
}
