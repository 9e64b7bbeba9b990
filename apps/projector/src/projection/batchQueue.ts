import type { LogEntry } from '@jobstream/eventlog';
import { EntryBuffer } from './entryBuffer.ts';

/** Entries that justify a transaction at once, even while another batch is being written. */
const MIN_AHEAD = 2_000;
/** Smaller batches begin at least this far apart: at 500 jobs a second, back-to-back transactions took a fifth of the CPU. */
const MIN_INTERVAL_MS = 10;

/**
 * Groups entries into batches for `apply`. An entry after a pause is handed over at once, so that a lone event is not
 * delayed; in a backlog batches are large, and the next is prepared while one is written.
 */
export class BatchQueue {
  readonly #apply: (batch: readonly LogEntry[]) => Promise<void>;
  readonly #failure = new AbortController();
  readonly #buffer = new EntryBuffer();
  #inFlight = 0;
  #lastBegan = Number.NEGATIVE_INFINITY;
  #due: NodeJS.Timeout | undefined;
  #progress = Promise.withResolvers<void>();

  constructor(apply: (batch: readonly LogEntry[]) => Promise<void>) {
    this.#apply = apply;
  }

  /** Aborted with the error of the batch that failed; no batch is handed over afterwards. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Resolves when there is room for more entries, or when a batch has failed. */
  async add(entries: readonly LogEntry[]): Promise<void> {
    this.#buffer.add(entries);
    this.#handOver();
    while (this.#buffer.isFull && !this.failed.aborted) await this.#progress.promise;
  }

  /** Drops the buffered entries and resolves when the batches in flight have ended, successfully or not. */
  async stop(): Promise<void> {
    this.#buffer.clear();
    clearTimeout(this.#due);
    while (this.#inFlight > 0) await this.#progress.promise;
  }

  #handOver(): void {
    while (this.#mayHandOver()) void this.#run(this.#buffer.take());
  }

  #mayHandOver(): boolean {
    if (this.failed.aborted || this.#buffer.length === 0) return false;
    if (this.#buffer.length >= MIN_AHEAD || this.#buffer.isFull) return this.#inFlight <= 1;
    return this.#inFlight === 0 && this.#isTime();
  }

  /** If it is too early, sets a timer that tries again. */
  #isTime(): boolean {
    const left = this.#lastBegan + MIN_INTERVAL_MS - performance.now();
    if (left <= 0) return true;
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#handOver();
    }, left);
    return false;
  }

  async #run(batch: readonly LogEntry[]): Promise<void> {
    this.#inFlight += 1;
    this.#lastBegan = performance.now();
    try {
      await this.#apply(batch);
    } catch (error) {
      this.#failure.abort(error);
    }
    this.#inFlight -= 1;
    this.#handOver();
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}
