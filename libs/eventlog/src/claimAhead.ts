/** Claims beyond the slots, for each slot, at most. */
const MOST_A_SLOT = 8;
/** And in all: more bring little, and a worker that dies has all of them in its hands. */
const MOST = 800;
/** Each claim counts so much beside those before it. */
const WEIGHT = 0.1;
/** How fast a slow run is forgotten: after a hundred faster ones, less than a hundredth of it is left. */
const FADE = 0.95;
/** Of the runs of a type that has not run yet nothing is known: they count as slow. */
const UNKNOWN_MS = 1_000;

/**
 * How many more jobs may be claimed than there are slots to run them. A claim waits for the log; if runs are shorter than
 * that, slots that are held from the claim on are empty most of the time. The slowest of the latest runs decides, so a
 * type with a long run now and then claims no more than it has slots.
 */
export class ClaimAhead {
  readonly #slots: number;
  #claimMs = 0;
  #runMs = UNKNOWN_MS;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** A claim took so long. */
  claimed(ms: number): void {
    this.#claimMs += (ms - this.#claimMs) * WEIGHT;
  }

  /** A run took so long; or a job that was claimed has waited so long for a slot, which means as much. */
  ran(ms: number): void {
    this.#runMs = Math.max(ms, this.#runMs * FADE);
  }

  extra(): number {
    return Math.floor(Math.min(MOST, this.#slots * Math.min(MOST_A_SLOT, this.#claimMs / this.#runMs)));
  }
}
