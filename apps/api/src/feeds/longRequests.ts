import type { Response } from 'express';
import { callerOf } from '../auth/caller.ts';
import { Problem } from '../problems/problem.ts';

/**
 * Requests that stay open for long: feeds, waits and imports.
 *
 * Their number is limited, and all of them are ended when the process stops.
 */
export class LongRequests {
  readonly #most: number;
  readonly #ends = new Set<() => void>();
  #stopping = false;

  constructor({ most = 1_000 }: { readonly most?: number } = {}) {
    this.#most = most;
  }

  get count(): number {
    return this.#ends.size;
  }

  /**
   * Tracks a request until its response is over; calls `end` when the process stops.
   *
   * The connection is closed when the key or token of the caller becomes invalid.
   *
   * @throws Problem `stopping`, or `too-many-feeds` at the limit.
   */
  track(res: Response, end: () => void): void {
    if (this.#stopping) throw new Problem('stopping');
    if (this.#ends.size >= this.#most) throw new Problem('too-many-feeds');
    if (res.destroyed) return end();
    this.#ends.add(end);
    const leave = callerOf(res).onInvalidated?.(() => res.destroy());
    res.once('close', () => {
      this.#ends.delete(end);
      leave?.();
    });
  }

  /** Ends all open requests and rejects new ones from now on. */
  endAll(): void {
    this.#stopping = true;
    for (const end of this.#ends) end();
  }
}
