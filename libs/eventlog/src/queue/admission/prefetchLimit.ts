/** Claims beyond the slots, for each slot, at most. */
const MOST_A_SLOT = 12;
/** And in all: more bring little, and a worker that dies has all of them in its hands. */
const MOST = 1_200;
/** They are held in memory, some of them three times over: as bytes, as text, and as values. */
const MOST_BYTES = 8_000_000;
/** Each claim counts so much beside those before it. */
const WEIGHT = 0.1;
/** How fast a slow run or a large job is forgotten: after a hundred others, less than a hundredth of it is left. */
const FADE = 0.95;
/** Of the runs of a type that has not run yet nothing is known: they count as slow. */
const UNKNOWN_MS = 1_000;

/**
 * How many more jobs may be claimed than there are slots to run them. A claim waits for the log; if runs are shorter than
 * that, slots that are held from the claim on are empty most of the time. The slowest of the latest runs decides, so a
 * type with a long run now and then claims no more than it has slots; and the largest of the latest jobs.
 */
export class PrefetchLimit {
  readonly #slots: number;
  #claimMs = 0;
  #runMs = UNKNOWN_MS;
  #bytes = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** A job came that is so large. */
  recordSize(bytes: number): void {
    this.#bytes = Math.max(bytes, this.#bytes * FADE);
  }

  /** A claim took so long. */
  recordClaim(ms: number): void {
    this.#claimMs += (ms - this.#claimMs) * WEIGHT;
  }

  /** A run took so long; or a job that was claimed has waited so long for a slot, which means as much. */
  recordRun(ms: number): void {
    this.#runMs = Math.max(ms, this.#runMs * FADE);
  }

  extra(): number {
    const useful = this.#slots * Math.min(MOST_A_SLOT, this.#claimMs / this.#runMs);
    return Math.floor(Math.min(MOST, MOST_BYTES / this.#bytes, useful));
  }
}
