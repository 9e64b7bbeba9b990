import type { LogEntry } from '@jobstream/eventlog';
import { EntryBuffer } from './entryBuffer.ts';

/** So much is worth a transaction at once, even while another batch is being written. */
const MIN_AHEAD = 2_000;
/**
 * Less waits until the last batch began so long ago: at 500 jobs a second, one transaction after the other took a fifth
 * of all processor time.
 */
const MIN_INTERVAL_MS = 10;

/**
 * Gathers what arrives into batches. What comes after a pause goes out at once, however small, so that a lone event is
 * not held up; in a backlog batches are large, and while one is written the next is prepared.
 */
export class BatchQueue {
  readonly #apply: (batch: readonly LogEntry[]) => Promise<void>;
  readonly #failure = new AbortController();
  readonly #waiting = new EntryBuffer();
  #underWay = 0;
  #lastBegan = Number.NEGATIVE_INFINITY;
  #due: NodeJS.Timeout | undefined;
  #progress = Promise.withResolvers<void>();

  constructor(apply: (batch: readonly LogEntry[]) => Promise<void>) {
    this.#apply = apply;
  }

  /** Aborted with the error of the batch that failed; nothing is handed over any more. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Resolves when there is room for more, or when it has failed. */
  async add(entries: readonly LogEntry[]): Promise<void> {
    this.#waiting.add(entries);
    this.#handOver();
    while (this.#waiting.isFull && !this.failed.aborted) await this.#progress.promise;
  }

  /** Resolves when what is being written has ended, either way; what waits is dropped. */
  async stop(): Promise<void> {
    this.#waiting.clear();
    clearTimeout(this.#due);
    while (this.#underWay > 0) await this.#progress.promise;
  }

  #handOver(): void {
    while (this.#mayHandOver()) void this.#run(this.#waiting.take());
  }

  #mayHandOver(): boolean {
    if (this.failed.aborted || this.#waiting.length === 0) return false;
    if (this.#waiting.length >= MIN_AHEAD || this.#waiting.isFull) return this.#underWay <= 1;
    return this.#underWay === 0 && this.#isTime();
  }

  /** If it is not, sees to it that there is another look when it is. */
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
    this.#underWay += 1;
    this.#lastBegan = performance.now();
    try {
      await this.#apply(batch);
    } catch (error) {
      this.#failure.abort(error);
    }
    this.#underWay -= 1;
    this.#handOver();
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}
