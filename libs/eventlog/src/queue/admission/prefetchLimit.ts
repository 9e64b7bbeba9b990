/** Claims beyond the slots, per slot. */
const MAX_PER_SLOT = 12;
/** Claims beyond the slots in all: more gain little, live long enough to be costly to collect, and are lost with a worker that dies. */
const MAX_CLAIMS = 600;
/** Claimed jobs are held in memory, some of them as bytes, text and values at once. */
const MAX_BYTES = 8_000_000;
/** Weight of each claim in the moving average. */
const WEIGHT = 0.1;
/** Decay of the maximum per run or job: after a hundred others, less than a hundredth is left. */
const DECAY = 0.95;
/** Claims more after each run, as long as claims find a slot in time. */
const GROWTH = 0.1;
/** Claims that are given up within this time were made under the same limit, and lower it once. */
const SAME_LIMIT_MS = 500;
/** Assumed for a type before its first run. */
const UNKNOWN_RUN_MS = 1_000;

/**
 * Computes how many more jobs may be claimed than there are slots to run them. A claim waits for the log; if runs are
 * shorter than that, slots held from the claim on would be idle most of the time. The slowest of the latest runs decides,
 * so a type with an occasional long run claims no more than it has slots; and so does the largest of the latest jobs.
 *
 * A process without enough processor time runs fewer jobs than these times promise, and would give most claims up again, each of
 * them for the price of an attempt. So claims that are given up halve the limit, and every run raises it a little.
 */
export class PrefetchLimit {
  readonly #slots: number;
  #claimMs = 0;
  #runMs = UNKNOWN_RUN_MS;
  #bytes = 0;
  #most = MAX_CLAIMS;
  #loweredAt = -Infinity;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Records the size of a job that has arrived. */
  recordSize(bytes: number): void {
    this.#bytes = Math.max(bytes, this.#bytes * DECAY);
  }

  /** Records how long a claim took. */
  recordClaim(ms: number): void {
    this.#claimMs += (ms - this.#claimMs) * WEIGHT;
  }

  /** Records how long a run took. */
  recordRun(ms: number): void {
    this.#runMs = Math.max(ms, this.#runMs * DECAY);
    this.#most = Math.min(MAX_CLAIMS, this.#most + GROWTH);
  }

  /** Records how long a claimed job waited for a slot. */
  recordWait(ms: number): void {
    this.#runMs = Math.max(ms, this.#runMs * DECAY);
  }

  /** Records that a claimed job was given up at this time, in milliseconds of any clock. */
  recordGivenUp(at: number): void {
    if (at - this.#loweredAt < SAME_LIMIT_MS) return;
    this.#loweredAt = at;
    this.#most /= 2;
  }

  extra(): number {
    if (this.#claimMs === 0) return 0; // in a time that stands still
    const useful = this.#slots * Math.min(MAX_PER_SLOT, this.#claimMs / this.#runMs);
    return Math.floor(Math.min(this.#most, MAX_BYTES / this.#bytes, useful));
  }
}
