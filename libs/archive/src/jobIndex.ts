/** The largest number of blocks in a segment. */
const MAX_BLOCKS = 2 ** 20;
const PAIR_BYTES = 8;

/**
 * Finds the blocks of a segment that may have messages of a job: sorted pairs of a fingerprint of the job's id and the
 * number of a block, 4 bytes each. Jobs may share a fingerprint, so the reader of a block must compare the whole id.
 */
export class JobIndex {
  readonly #pairs: DataView;

  constructor(bytes: Uint8Array) {
    this.#pairs = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Encodes an index of these jobs and their blocks. */
  static encode(jobs: Iterable<{ readonly jobId: string; readonly block: number }>): Uint8Array {
    const keys = new Set<number>();
    for (const { jobId, block } of jobs) keys.add(fingerprint(jobId) * MAX_BLOCKS + block);
    const sorted = Float64Array.from(keys).toSorted();
    const bytes = Buffer.alloc(sorted.length * PAIR_BYTES);
    for (const [index, key] of sorted.entries()) {
      bytes.writeUInt32LE(Math.floor(key / MAX_BLOCKS), index * PAIR_BYTES);
      bytes.writeUInt32LE(key % MAX_BLOCKS, index * PAIR_BYTES + 4);
    }
    return bytes;
  }

  /** The numbers of the blocks that may have messages of the job, in order. */
  blocksOf(jobId: string): readonly number[] {
    const wanted = fingerprint(jobId);
    const blocks: number[] = [];
    for (let pair = this.#firstPair(wanted); this.#fingerprintAt(pair) === wanted; pair++) {
      blocks.push(this.#pairs.getUint32(pair * PAIR_BYTES + 4, true));
    }
    return blocks;
  }

  #firstPair(wanted: number): number {
    let [low, high] = [0, this.#pairs.byteLength / PAIR_BYTES];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#fingerprintAt(middle) ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #fingerprintAt(pair: number): number | undefined {
    const offset = pair * PAIR_BYTES;
    return offset < this.#pairs.byteLength ? this.#pairs.getUint32(offset, true) : undefined;
  }
}

/** The last digits of a UUID are random in all versions used here. */
function fingerprint(jobId: string): number {
  return Number.parseInt(jobId.slice(-8), 16) || 0;
}
