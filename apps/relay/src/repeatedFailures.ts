/** After so many failures, each with others stored since the one before, a row is to blame. */
const ENOUGH = 3;
/** Of the rows that have failed so many are remembered, the newest. */
const MOST_ROWS = 1_000;

interface Failure {
  readonly times: number;
  /** The rows that had been stored when it happened. */
  readonly stored: number;
}

/**
 * Tells a row for which alone the log is not available, such as one of a type that this user may not write, from an outage, in which
 * nothing is stored.
 */
export class RepeatedFailures {
  readonly #failures = new Map<string, Failure>();
  #stored = 0;

  /** Takes note that so many rows were stored. */
  stored(rows: number): void {
    this.#stored += rows;
  }

  /** Takes note that a row has failed, and returns whether it fails for its own sake. */
  failed(id: string): boolean {
    const before = this.#failures.get(id);
    if (before !== undefined && before.stored === this.#stored) return false;
    const times = (before?.times ?? 0) + 1;
    this.#failures.delete(id); // to be the newest
    if (times >= ENOUGH) return true;
    this.#failures.set(id, { times, stored: this.#stored });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_ROWS && oldest !== undefined) this.#failures.delete(oldest);
    return false;
  }
}
