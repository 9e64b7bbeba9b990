import type { Response } from 'express';
import { callerName } from '../auth/rateLimits.ts';
import { callerOf } from '../auth/caller.ts';
import { Problem } from '../problems/problem.ts';
import { FairShares } from './fairShares.ts';

/** How many requests of each kind a process has open; `feeds` are waits as well. */
const places = { feeds: 1_000, imports: 100, 'bulk changes': 20 };

type Kind = keyof typeof places;

export interface LongRequestsOptions {
  /** Percent of each kind that one caller can have open while no other has any. */
  readonly callerShare: number;
  /** Instead of the usual numbers. */
  readonly most?: Partial<Record<Kind, number>>;
}

/**
 * Requests that stay open for long: feeds, waits, imports and bulk changes.
 *
 * Their number is limited, in all and by caller, and all of them are ended when the process stops.
 */
export class LongRequests {
  readonly #shares: ReadonlyMap<Kind, FairShares>;
  readonly #ends = new Set<() => void>();
  #stopping = false;

  constructor({ callerShare: share, most = {} }: LongRequestsOptions) {
    const kinds = Object.entries({ ...places, ...most }) as [Kind, number][];
    this.#shares = new Map(kinds.map(([kind, count]) => [kind, new FairShares({ places: count, share })]));
  }

  /**
   * Tracks a request until its response is over; calls `end` when the process stops.
   *
   * The connection is closed when the key or token of the caller becomes invalid.
   *
   * @throws Problem `stopping`, `too-many-feeds` at the limit of the process, `caller-share-exceeded` at the caller's.
   */
  track(kind: Kind, res: Response, end: () => void): void {
    if (this.#stopping) throw new Problem('stopping');
    const release = this.#take(kind, res);
    if (res.destroyed) {
      release();
      return end();
    }
    this.#ends.add(end);
    const leave = callerOf(res).onInvalidated?.(() => res.destroy());
    res.once('close', () => {
      release();
      this.#ends.delete(end);
      leave?.();
    });
  }

  /** Ends all open requests and rejects new ones from now on. */
  endAll(): void {
    this.#stopping = true;
    for (const end of this.#ends) end();
  }

  #take(kind: Kind, res: Response): () => void {
    const taken = this.#shares.get(kind)?.take(holdersOf(res)) ?? { refused: 'none-free' };
    if ('release' in taken) return taken.release;
    if (taken.refused === 'none-free')
      throw new Problem('too-many-feeds', { detail: `this process has no room for more ${kind}` });
    throw new Problem('caller-share-exceeded', { detail: `the ${kind} that are left are kept for other callers` });
  }
}

function holdersOf(res: Response): readonly string[] {
  const { tenant } = callerOf(res);
  const name = callerName(res);
  return tenant === undefined ? [name] : [`tenant ${tenant}`, `tenant ${tenant} ${name}`];
}
