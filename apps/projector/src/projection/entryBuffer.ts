import type { LogEntry } from '@jobstream/eventlog';

/** Larger transactions are hardly faster and delay the rows. */
const MAX_ENTRIES = 10_000;
/** Of bodies. A batch takes several times as much memory: as text, events, rows and statements. */
const MAX_BYTES = 16_000_000;

/** Buffers log entries and hands them out in batches that are bounded in number and bytes. */
export class EntryBuffer {
  #entries: LogEntry[] = [];
  #bytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** Whether it holds at least a whole batch. */
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

  /** Removes and returns the next batch, up to `position`; an entry larger than the byte limit is a batch of its own. */
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
