import type { Response } from 'express';
import { callerOf } from '../auth/caller.ts';
import { Problem } from '../problems/problem.ts';

/**
 * Requests that stay open for long: feeds, waits, imports. There may be so many at once, and all of them end when the
 * process stops, since nobody else would end them.
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
   * Calls `end` once when the process stops, unless the answer is over by then; throws a Problem if there are too many.
   * The connection of a caller whose key or token is no longer good is cut.
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

  /** Ends all that are open, and refuses others from now on. */
  endAll(): void {
    this.#stopping = true;
    for (const end of this.#ends) end();
  }
}
