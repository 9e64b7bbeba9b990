import type { LogEntry } from '@jobstream/eventlog';

/** Larger transactions are hardly faster, and whoever waits for the rows waits longer. */
const MAX_ENTRIES = 10_000;
/** Of bodies. In memory a batch takes several times as much: as text, as events, as rows and as what is sent. */
const MAX_BYTES = 16_000_000;

/** Entries of the log that wait to be written, handed out in batches that are bounded in number and bytes. */
export class EntryBuffer {
  #entries: LogEntry[] = [];
  #bytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** Whether there is at least a whole batch. */
  get isFull(): boolean {
    return this.#entries.length >= MAX_ENTRIES || this.#bytes >= MAX_BYTES;
  }

  /** Of the last entry; 0 when there is none. */
  get lastSequence(): number {
    return this.#entries.at(-1)?.sequence ?? 0;
  }

  add(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.bytes;
    }
  }

  /** The next batch, which ends before whatever is past the position; an entry that is larger than a batch is one alone. */
  take(position = Number.POSITIVE_INFINITY): readonly LogEntry[] {
    let [count, bytes] = [0, 0];
    for (const entry of this.#entries) {
      const isOver = count === MAX_ENTRIES || (count > 0 && bytes + entry.bytes > MAX_BYTES);
      if (isOver || entry.sequence > position) break;
      count += 1;
      bytes += entry.bytes;
    }
    const batch = this.#entries.slice(0, count);
    this.#entries = this.#entries.slice(count);
    this.#bytes -= bytes;
    return batch;
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }
}
