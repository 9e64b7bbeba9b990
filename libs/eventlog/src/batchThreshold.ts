/** What a server costs that syncs every write and stages batches on its disk: where nothing has been learned yet. */
const [FIRST_SINGLE_MS, FIRST_BATCH_MS] = [0.2, 2.4];
const [LEAST, MOST] = [3, 12];
/** Of a larger batch the members count, and not its fixed cost alone. */
const LARGEST_SAMPLE = 64;
/** How far one measurement moves the estimate, whatever it was: so the estimate seeks the median, and a hiccup is one step. */
const STEP = 0.05;

/**
 * From how many waiting appends on one atomic batch is cheaper than as many single publishes. It depends on the server: a
 * batch has a fixed cost, which is that of twelve single writes where it is staged on the disk, and of four where it
 * is staged in memory. So it is learned from the answers.
 */
export class BatchThreshold {
  #singleMs = FIRST_SINGLE_MS;
  #batchMs = FIRST_BATCH_MS;

  get least(): number {
    return Math.min(MOST, Math.max(LEAST, Math.round(this.#batchMs / this.#singleMs)));
  }

  /** A single publish was answered after `ms`, as the last of `inFlight` that the server took one after the other. */
  single(ms: number, inFlight: number): void {
    this.#singleMs = towards(this.#singleMs, ms / inFlight);
  }

  /** A batch that no other was before was answered after `ms`. */
  batch(ms: number, size: number): void {
    if (size <= LARGEST_SAMPLE) this.#batchMs = towards(this.#batchMs, ms);
  }
}

function towards(estimate: number, sample: number): number {
  return estimate * (sample > estimate ? 1 + STEP : 1 - STEP);
}
