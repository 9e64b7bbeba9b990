/** At most `starts` within any `perMs` milliseconds. */
export interface StartRate {
  readonly starts: number;
  readonly perMs: number;
}

/**
 * Limits starts by a sliding window: never more than the rate within any `perMs` milliseconds. `now` and `at` are times
 * of `performance.now()`.
 */
export class RateLimiter {
  readonly #rate: StartRate;
  /** Starts of the window, oldest first. */
  #starts: number[] = [];

  constructor(rate: StartRate) {
    this.#rate = rate;
  }

  /** Returns how many more may start now. */
  available(now: number): number {
    this.#expire(now);
    return this.#rate.starts - this.#starts.length;
  }

  acquire(now: number): void {
    this.#starts.push(now);
  }

  /** Undoes an `acquire` at this time, when nothing was started after all. */
  refund(at: number): void {
    const index = this.#starts.lastIndexOf(at);
    if (index >= 0) this.#starts.splice(index, 1);
  }

  /** Returns the milliseconds until the oldest start no longer counts; undefined if none counts. */
  nextAvailableMs(now: number): number | undefined {
    this.#expire(now);
    const [oldest] = this.#starts;
    return oldest === undefined ? undefined : oldest + this.#rate.perMs - now;
  }

  #expire(now: number): void {
    const since = now - this.#rate.perMs;
    const kept = this.#starts.findIndex((at) => at > since);
    if (kept === 0 || this.#starts.length === 0) return;
    this.#starts = kept < 0 ? [] : this.#starts.slice(kept);
  }
}
