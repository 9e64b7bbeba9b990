/** At most `starts` within any `perMs` milliseconds. */
export interface StartRate {
  readonly starts: number;
  readonly perMs: number;
}

/** The starts of the last `perMs` milliseconds, so that there are never more than the rate allows, wherever one begins to count. */
export class RateLimiter {
  readonly #rate: StartRate;
  /** Times of `performance.now()`, oldest first. */
  #starts: number[] = [];

  constructor(rate: StartRate) {
    this.#rate = rate;
  }

  /** How many more may start now. */
  available(now: number): number {
    this.#forget(now);
    return this.#rate.starts - this.#starts.length;
  }

  acquire(now: number): void {
    this.#starts.push(now);
  }

  /** Undoes a `take` at this time: nothing was started after all. */
  refund(at: number): void {
    const index = this.#starts.lastIndexOf(at);
    if (index >= 0) this.#starts.splice(index, 1);
  }

  /** Milliseconds until the oldest start counts no more; undefined if none counts. */
  nextAvailableMs(now: number): number | undefined {
    this.#forget(now);
    const [oldest] = this.#starts;
    return oldest === undefined ? undefined : oldest + this.#rate.perMs - now;
  }

  #forget(now: number): void {
    const since = now - this.#rate.perMs;
    const kept = this.#starts.findIndex((at) => at > since);
    if (kept === 0 || this.#starts.length === 0) return;
    this.#starts = kept < 0 ? [] : this.#starts.slice(kept);
  }
}
