import type { Connection } from '../connection/connection.ts';
import type { AppendOutcome, LogObserver } from './logObserver.ts';

export interface WriteHealthOptions {
  /** Receives every call as well. */
  readonly observer: LogObserver | undefined;
  /** After this long without an outcome the log is presumed writable again. */
  readonly presumeWritableAfterMs: number;
}

/**
 * Infers from the outcomes of appends whether the log accepts writes. A server on a full disk or without a majority
 * answers requests but stores nothing. A probe message would stay in the log for ever, so an append that was not stored
 * in time counts as "not writable" until another one is stored, the connection is restored, or some time has passed.
 */
export class WriteHealth implements LogObserver {
  readonly #options: WriteHealthOptions;
  #failedAt: number | undefined;

  constructor(connection: Pick<Connection, 'onReconnected'>, options: WriteHealthOptions) {
    this.#options = options;
    connection.onReconnected(() => (this.#failedAt = undefined));
  }

  isWritable(): boolean {
    const { presumeWritableAfterMs } = this.#options;
    return this.#failedAt === undefined || performance.now() - this.#failedAt >= presumeWritableAfterMs;
  }

  appended(outcome: AppendOutcome, ms: number): void {
    this.#options.observer?.appended(outcome, ms);
    if (outcome === 'stored') this.#failedAt = undefined;
    else if (outcome === 'unavailable') this.#failedAt = performance.now();
  }

  batchSent(appends: number): void {
    this.#options.observer?.batchSent(appends);
  }
}
