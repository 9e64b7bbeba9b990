import { setTimeout as pause } from 'node:timers/promises';
import { retireJobs } from '@jobstream/readmodel';
import type { Logger, Service } from '@jobstream/runtime';

export interface TableRetentionOptions {
  readonly databaseUrl: string;
  /** How long completed jobs stay in the table, 0 for ever. */
  readonly maxAgeMs: number;
  readonly logger: Logger;
  /** Told how many jobs have left. */
  readonly onRetired?: (jobs: number) => void;
  /** Pause between two looks; a minute unless told. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 60_000;

/**
 * Takes completed jobs out of the table when they are old; the log and its archive still have them. Any number may run:
 * each batch holds the checkpoint, as a projector does.
 */
export class TableRetention implements Service {
  readonly name = 'table retention';
  readonly #options: TableRetentionOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: TableRetentionOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    if (this.#options.maxAgeMs > 0) this.#running = this.#run();
    return Promise.resolve();
  }

  /** Waits for the batch at hand. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#retire();
      await pause(intervalMs, undefined, { signal: this.#stop.signal }).catch(() => {}); // the stop ends the pause
    }
  }

  async #retire(): Promise<void> {
    const { databaseUrl, maxAgeMs, logger, onRetired } = this.#options;
    const before = new Date(Date.now() - maxAgeMs).toISOString();
    try {
      const jobs = await retireJobs(databaseUrl, before, this.#stop.signal);
      if (jobs === 0) return;
      onRetired?.(jobs);
      logger.info({ jobs, before }, 'completed jobs have left the table');
    } catch (error) {
      logger.warn({ err: error }, 'completed jobs stay in the table until the next try');
    }
  }
}
