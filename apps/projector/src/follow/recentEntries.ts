import type { LogEntry } from '@jobstream/eventlog';

/** What is kept at most: some seconds of a busy log. */
export interface RecentLimits {
  readonly entries: number;
  /** Of bodies. */
  readonly bytes: number;
}

const LIMITS: RecentLimits = { entries: 20_000, bytes: 8_000_000 };

/**
 * The newest messages that the live table has, as they were decoded for it, so that others who follow the log in the same process
 * need not fetch and decode them again. Whoever lags behind what is kept reads the log by itself: nobody waits for it.
 */
export class RecentEntries {
  readonly #limits: RecentLimits;
  #batches: (readonly LogEntry[])[] = [];
  #entries = 0;
  #bytes = 0;
  /** The position of the table; undefined while this process does not write it. */
  #position: number | undefined;

  constructor(limits = LIMITS) {
    this.#limits = limits;
  }

  /** This process writes the table from now on, from this position. */
  begin(position: number): void {
    this.end();
    this.#position = position;
  }

  /** Adds what was committed to the table, oldest first. */
  add(batch: readonly LogEntry[]): void {
    this.#position = batch.at(-1)?.sequence ?? this.#position;
    this.#batches.push(batch);
    this.#entries += batch.length;
    this.#bytes += bytesOf(batch);
    while (this.#entries > this.#limits.entries || this.#bytes > this.#limits.bytes) this.#dropOldest();
  }

  /** This process does not write the table any more. */
  end(): void {
    this.#position = undefined;
    this.#batches = [];
    this.#entries = 0;
    this.#bytes = 0;
  }

  /**
   * Returns up to `count` messages that follow this sequence without a gap; none if the table has no later ones; undefined if the
   * next one is not kept, and has to be read from the log.
   */
  after(sequence: number, count: number): readonly LogEntry[] | undefined {
    if (sequence === this.#position) return [];
    const found: LogEntry[] = [];
    for (const batch of this.#batches) {
      if ((batch.at(-1)?.sequence ?? 0) > sequence) take(batch, { after: sequence, count, found });
    }
    return found.length > 0 ? found : undefined;
  }

  #dropOldest(): void {
    const oldest = this.#batches.shift() ?? [];
    this.#entries -= oldest.length;
    this.#bytes -= bytesOf(oldest);
  }
}

interface Taken {
  readonly after: number;
  readonly count: number;
  readonly found: LogEntry[];
}

/** Adds the messages of a batch that follow what was found, up to a gap. */
function take(batch: readonly LogEntry[], { after, count, found }: Taken): void {
  for (const entry of batch) {
    if (found.length === count) return;
    if (entry.sequence === after + found.length + 1) found.push(entry);
  }
}

function bytesOf(batch: readonly LogEntry[]): number {
  let bytes = 0;
  for (const entry of batch) bytes += entry.bytes;
  return bytes;
}
