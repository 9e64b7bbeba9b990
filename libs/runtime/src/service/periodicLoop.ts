import { BackgroundLoop, type NextTurn } from './backgroundLoop.ts';
import type { Logger } from './logger.ts';

type Level = 'debug' | 'warn' | 'error';

export interface PeriodicLoopOptions {
  readonly logger: Logger;
  /** Milliseconds between two turns, also after one that failed. */
  readonly intervalMs: number;
  /** The log line of a turn that failed, and its level; default `warn`. */
  readonly failure: string;
  readonly level?: Level;
}

/** A background loop that pauses for the same time whether a turn failed or not, and logs every failure. */
export abstract class PeriodicLoop extends BackgroundLoop {
  protected readonly intervalMs: number;
  readonly #options: PeriodicLoopOptions;

  constructor(options: PeriodicLoopOptions) {
    super();
    this.intervalMs = options.intervalMs;
    this.#options = options;
  }

  protected onError(error: unknown, _stop: AbortSignal): NextTurn {
    return this.tryAgain(error);
  }

  /** Logs an error, and returns the pause after it: for an `onError` that does more, or logs otherwise. */
  protected tryAgain(error: unknown, level: Level = this.#options.level ?? 'warn', details: object = {}): NextTurn {
    this.#options.logger[level]({ err: error, ...details }, this.#options.failure);
    return this.intervalMs;
  }
}
