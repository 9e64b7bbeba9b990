/** What a single write costs a server that syncs it on a quick disk. */
const SINGLE_MS = 0.2;
/** A batch that is staged on the disk, before anything is learned. */
const FIRST_BATCH_MS = 2.4;
const [LEAST, MOST] = [4, 12];
/** Of a larger batch the members count, and not its fixed cost alone. */
const LARGEST_SAMPLE = 64;
/**
 * How far one measurement moves the estimate, whatever it was. Three steps up make one down, so the estimate seeks the
 * lower quartile: what took longer has waited behind others.
 */
const [UP, DOWN] = [0.02, 0.06];

/**
 * From how many waiting appends on one atomic batch is cheaper than as many single publishes. It depends on the server: the
 * fixed cost of a batch is that of twelve single writes where it is staged on the disk, and of four where it is staged
 * in memory. So it is learned from the answers.
 */
export class BatchThreshold {
  #batchMs = FIRST_BATCH_MS;

  get least(): number {
    return Math.min(MOST, Math.max(LEAST, Math.round(this.#batchMs / SINGLE_MS)));
  }

  /** A batch that went out with nothing else of ours under way was answered after `ms`. */
  answered(size: number, ms: number): void {
    if (size <= LARGEST_SAMPLE) this.#batchMs *= ms > this.#batchMs ? 1 + UP : 1 - DOWN;
  }
}
