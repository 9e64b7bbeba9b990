/** A run of a handler, as the board shows it. */
export interface BoardRun {
  readonly jobId: string;
  readonly jobType: string;
  readonly attempt: number;
}

/** The numbers that the threads of a worker share, by their index. */
export const SHARED = { beats: 0, runs: 1 } as const;

const SPOTS = 100;
/** A length, and an id, a type and a number of at most 254 characters. */
const SPOT_BYTES = 256;
const FULL = -1;

/**
 * Shows the runs in progress in memory that another thread can read while this one is busy. It has room for the oldest 100 of
 * them, and counts all.
 */
export class RunBoard {
  readonly numbers = new Int32Array(new SharedArrayBuffer(8));
  readonly spots = new SharedArrayBuffer(SPOTS * SPOT_BYTES);
  readonly #text = Buffer.from(this.spots);
  readonly #free = Array.from({ length: SPOTS }, (_spot, index) => index * SPOT_BYTES);

  /** Shows a run until `leave` gets what this returns. Takes less than a microsecond. */
  enter({ jobId, jobType, attempt }: BoardRun): number {
    Atomics.add(this.numbers, SHARED.runs, 1);
    const spot = this.#free.pop();
    if (spot === undefined) return FULL;
    this.#text[spot] = this.#text.write(`${jobId} ${jobType} ${attempt}`, spot + 1, SPOT_BYTES - 1, 'latin1');
    return spot;
  }

  leave(spot: number): void {
    Atomics.sub(this.numbers, SHARED.runs, 1);
    if (spot === FULL) return;
    this.#text[spot] = 0;
    this.#free.push(spot);
  }
}

/** What of a board a thread is given to read it. */
export interface SharedBoard {
  readonly numbers: Int32Array;
  readonly spots: SharedArrayBuffer;
  readonly spotBytes: number;
}

export function sharedBoard({ numbers, spots }: RunBoard): SharedBoard {
  return { numbers, spots, spotBytes: SPOT_BYTES };
}
