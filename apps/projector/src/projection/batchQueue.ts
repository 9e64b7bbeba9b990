import type { LogEntry } from '@jobstream/eventlog';
import { EntryBuffer } from './entryBuffer.ts';

/** Entries that justify a transaction at once, even while another batch is being written. */
const MIN_AHEAD = 5_000;
/** Smaller batches begin at least this far apart: at 500 jobs a second, back-to-back transactions took a fifth of the CPU. */
const MIN_INTERVAL_MS = 10;
/** Under load, so that most events of a job come into one batch: each batch that has one of them writes the job's row. */
const MAX_INTERVAL_MS = 300;
/** Up to so many entries a second batches begin as soon as they may. */
const QUICK_RATE = 3_000;
/** From so many on they are as far apart as they may be. */
const FULL_RATE = 15_000;
/** The rate is that of the last entries of so many milliseconds: a burst is no load. */
const RATE_OVER_MS = 250;

/**
 * Groups entries into batches for `apply`. An entry after a pause is handed over at once, so that a lone event is not
 * delayed; the more of them come, the longer they are gathered, up to 0.3 s. In a backlog batches are large, and the
 * next is prepared while one is written.
 */
export class BatchQueue {
  readonly #apply: (batch: readonly LogEntry[]) => Promise<void>;
  readonly #failure = new AbortController();
  readonly #buffer = new EntryBuffer();
  readonly #arrivals = new ArrivalRate();
  #inFlight = 0;
  #isHurried = false;
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
    this.#arrivals.add(entries.length);
    this.#handOver();
    while (this.#buffer.isFull && !this.failed.aborted) await this.#progress.promise;
  }

  /** Hands over what there is, or else what comes next, as soon as no batch is being written: a reader waits for it. */
  hurry(): void {
    this.#isHurried = true;
    this.#handOver();
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
    const left = this.#lastBegan + intervalAt(this.#arrivals.perSecond()) - performance.now();
    if (left <= 0 || this.#isHurried) return true;
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#handOver();
    }, left);
    return false;
  }

  async #run(batch: readonly LogEntry[]): Promise<void> {
    this.#inFlight += 1;
    this.#isHurried = false;
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

function intervalAt(perSecond: number): number {
  const load = Math.min(1, Math.max(0, (perSecond - QUICK_RATE) / (FULL_RATE - QUICK_RATE)));
  return MIN_INTERVAL_MS + load * (MAX_INTERVAL_MS - MIN_INTERVAL_MS);
}

/** How many entries come in a second. */
class ArrivalRate {
  #since = performance.now();
  #count = 0;
  #perSecond = 0;

  add(entries: number): void {
    this.#count += entries;
  }

  perSecond(): number {
    const elapsedMs = performance.now() - this.#since;
    if (elapsedMs < RATE_OVER_MS) return this.#perSecond;
    this.#perSecond = (this.#count * 1_000) / elapsedMs;
    this.#count = 0;
    this.#since += elapsedMs;
    return this.#perSecond;
  }
}
