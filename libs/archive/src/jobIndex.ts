/** Blocks of one segment that the index can tell apart. */
const MAX_BLOCKS = 2 ** 20;
const PAIR_BYTES = 8;

/**
 * In which blocks of a segment a job may have messages: pairs of a fingerprint of the job's id and the number of a block,
 * 4 bytes each, sorted. Two jobs may share a fingerprint, so whoever reads a block looks at the whole id.
 */
export class JobIndex {
  readonly #pairs: DataView;

  constructor(bytes: Uint8Array) {
    this.#pairs = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The bytes of an index of these jobs and the blocks in which they are. */
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

  /** The numbers of the blocks in which the job may be, in order. */
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

/** The last digits of a UUID are random in all versions that are used here. */
function fingerprint(jobId: string): number {
  return Number.parseInt(jobId.slice(-8), 16) || 0;
}
