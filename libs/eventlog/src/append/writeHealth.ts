import type { Connection } from '../connection/connection.ts';
import type { AppendOutcome, LogObserver } from './logObserver.ts';

type Signals = Pick<Connection, 'onReconnected'>;

export interface WriteHealthOptions {
  /** Is told everything as well. */
  readonly observer: LogObserver | undefined;
  /** After so many milliseconds without news a log that took no writes gets the benefit of the doubt. */
  readonly doubtMs: number;
}

/**
 * Knows from the appends that were made whether the log takes writes. A server can answer every question and store
 * nothing: on a full disk, or without a majority. It cannot be asked, and a test message would stay in the log for ever,
 * so an append that was not stored in time speaks for the others until one is stored, until the server has been started
 * again, or until the next ones shall find out.
 */
export class WriteHealth implements LogObserver {
  readonly #options: WriteHealthOptions;
  #failedAt: number | undefined;

  constructor(connection: Signals, options: WriteHealthOptions) {
    this.#options = options;
    connection.onReconnected(() => (this.#failedAt = undefined));
  }

  isWritable(): boolean {
    return this.#failedAt === undefined || performance.now() - this.#failedAt >= this.#options.doubtMs;
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
