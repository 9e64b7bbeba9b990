/** What a single write costs a server that syncs it on a fast disk. */
const SINGLE_MS = 0.2;
/**
 * What a batch costs that is staged in memory, as in our configurations; assumed before the first measurement, for which a process with little
 * to do may wait for ever, since below the threshold it has no batches. One that is staged on disk takes 2.4.
 */
const INITIAL_BATCH_MS = 0.8;
const [LEAST, MOST] = [4, 12];
/** In larger batches the members cost more than the batch itself. */
const LARGEST_SAMPLE = 64;
/**
 * How far one measurement moves the estimate, whatever its value. Three steps up make one down, so the estimate seeks the
 * lower quartile: longer measurements include waiting behind other writes.
 */
const [UP, DOWN] = [0.02, 0.06];

/**
 * Learns from how many pending appends on an atomic batch is cheaper than single publishes. The fixed cost of a batch
 * depends on the server: that of twelve single writes where batches are staged on disk, of four where in memory.
 */
export class BatchThreshold {
  #batchMs = INITIAL_BATCH_MS;

  /** The smallest number of appends worth a batch. */
  get least(): number {
    return Math.min(MOST, Math.max(LEAST, Math.round(this.#batchMs / SINGLE_MS)));
  }

  /** Records that a batch of `size` was acknowledged after `ms` while nothing else of this process was in flight. */
  acknowledged(size: number, ms: number): void {
    if (size <= LARGEST_SAMPLE) this.#batchMs *= ms > this.#batchMs ? 1 + UP : 1 - DOWN;
  }
}
