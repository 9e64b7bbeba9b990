import { setTimeout as pause } from 'node:timers/promises';
import { type JobEvent, mayBeRevised, type OnConflict } from '@jobstream/domain';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { type ClaimedEvents, type Holder, keyOf, readClaims, withKey } from './claimedEvents.ts';
import type { UniqueDeps } from './holders.ts';
import { mapConcurrently } from './mapConcurrently.ts';
import { reviseHolder } from './reviseHolder.ts';

export interface UniqueAppend {
  /** What requests do to the jobs that hold their keys, by the ids of their own; default: nothing. */
  readonly onConflict?: ReadonlyMap<string, OnConflict> | undefined;
  readonly append: (claimed: ClaimedEvents) => Promise<unknown>;
  /** Whether one of the jobs themselves exists, of those that may; `conflicted` after a conflict, which may be with any of them. */
  readonly exists: (conflicted: boolean) => Promise<boolean>;
}

/** A key that is claimed by many at once passes from one to the next within milliseconds. */
const PATIENCE_MS = 2_000;
/** On a busy machine reading the keys of a large batch takes longer than that. */
const LEAST_TRIES = 5;
const LONGEST_PAUSE_MS = 40;

/**
 * Reads who holds the keys of unique jobs, and appends those that are free, all or none; does all of it again as long as another
 * writer was faster.
 *
 * @returns the jobs that hold the keys of the others, by the ids of those; undefined if one of the jobs exists.
 * @throws LogUnavailableError after five tries and two seconds, UniqueKeyHeldError, and what `append` throws.
 */
export async function appendUnique(
  events: readonly JobEvent[],
  steps: UniqueAppend,
  deps: UniqueDeps,
): Promise<ReadonlyMap<string, Holder> | undefined> {
  const begun = performance.now();
  const keyed = await mapConcurrently(events, (event) => withKey(event, deps));
  const work = () => claimAndAppend(keyed, { ...steps, begun }, deps);
  const key = keyed.length === 1 ? keyOf(keyed[0]) : undefined;
  // Of many requests for one key all but the first find that it is held.
  return key === undefined ? work() : deps.log.unique.inTurn(key, work);
}

async function claimAndAppend(
  events: readonly JobEvent[],
  { begun, ...steps }: UniqueAppend & { readonly begun: number },
  deps: UniqueDeps,
): Promise<ReadonlyMap<string, Holder> | undefined> {
  let conflicted = false;
  const turnAt = performance.now();
  for (let tries = 0; tries < LEAST_TRIES || performance.now() - turnAt < PATIENCE_MS; tries++) {
    // Whoever has asked is answered by then, and may have asked again.
    if (performance.now() - begun > deps.log.unique.deadlineMs)
      throw new LogUnavailableError('its turn to claim the unique key came too late');
    if (await steps.exists(conflicted)) return undefined;
    const claimed = await readClaims(events, deps);
    if (events.some(({ jobId }) => claimed.held.get(jobId)?.job.id === jobId)) return undefined;
    const held = await reviseAll(claimed, events, { onConflict: steps.onConflict, deps });
    if (held !== undefined && (await wasAppended(claimed, steps))) return held;
    conflicted = held !== undefined;
    await pause(Math.random() * LONGEST_PAUSE_MS);
  }
  throw new LogUnavailableError('other writers claimed the unique keys again and again');
}

/** False if another writer was faster. */
async function wasAppended(claimed: ClaimedEvents, { append }: UniqueAppend): Promise<boolean> {
  try {
    if (claimed.events.length > 0) await append(claimed);
    return true;
  } catch (error) {
    if (error instanceof ConcurrentAppendError) return false;
    throw error;
  }
}

/**
 * Does to the holders what the requests ask for, but for those that are about to be created. Undefined if one has started meanwhile,
 * and may hold its key no more, or if other writers were faster again and again.
 */
async function reviseAll(
  { events: created, held }: ClaimedEvents,
  events: readonly JobEvent[],
  { onConflict, deps }: Pick<UniqueAppend, 'onConflict'> & { readonly deps: UniqueDeps },
): Promise<ReadonlyMap<string, Holder> | undefined> {
  if (onConflict === undefined) return held;
  const all = new Map(held);
  const isNew = new Set(created.map(({ jobId }) => jobId));
  for (const event of events) {
    const holder = held.get(event.jobId)?.job;
    const wish = onConflict.get(event.jobId) ?? 'keep';
    if (holder === undefined || wish === 'keep' || isNew.has(holder.id) || !mayBeRevised(holder)) continue;
    const revised = await reviseHolder(holder, event, { log: deps.log, onConflict: wish }).catch(unlessConflict);
    if (revised === undefined) return undefined;
    all.set(event.jobId, revised);
  }
  return all;
}

function unlessConflict(error: unknown): undefined {
  if (!(error instanceof ConcurrentAppendError)) throw error;
}
