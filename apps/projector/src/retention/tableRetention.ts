import type { ServerClock } from '@jobstream/eventlog';
import { retireJobs } from '@jobstream/readmodel';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';

export interface TableRetentionOptions {
  readonly databaseUrl: string;
  /** How long completed jobs stay in the table, in milliseconds; 0 for ever. */
  readonly maxAgeMs: number;
  /** The server's, by which jobs have finished. */
  readonly clock: Pick<ServerClock, 'now'>;
  readonly logger: Logger;
  /** Called with the number of jobs after some were removed. */
  readonly onRetired?: (jobs: number) => void;
}

/**
 * Removes old completed jobs from the table; the log and its archive still have them. Any number may run: each batch
 * locks the checkpoint, as a projector does. `stop` waits for the batch at hand.
 */
export class TableRetention extends PeriodicLoop {
  readonly name = 'table retention';
  readonly #options: TableRetentionOptions;

  constructor(options: TableRetentionOptions) {
    const failure = 'old completed jobs could not be removed from the table';
    super({ logger: options.logger, intervalMs: 60_000, failure });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { databaseUrl, maxAgeMs, clock, logger, onRetired } = this.#options;
    if (maxAgeMs === 0) return 'end';
    const before = new Date(clock.now() - maxAgeMs).toISOString();
    const jobs = await retireJobs(databaseUrl, before, stop);
    if (jobs > 0) {
      onRetired?.(jobs);
      logger.info({ jobs, before }, 'old completed jobs removed from the table');
    }
    return this.intervalMs;
  }
}
