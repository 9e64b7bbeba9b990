import type { ServerClock } from '@jobstream/eventlog';
import { prunePast } from '@jobstream/readmodel';
import { BackgroundLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';

export interface PastRetentionOptions {
  readonly databaseUrl: string;
  /** How far back past states reach at least, in milliseconds. */
  readonly reachMs: number;
  readonly clock: Pick<ServerClock, 'now'>;
  /** The first sequence that anybody can still read; 0 for all, where there is an archive or the log keeps everything. */
  readonly forgottenBefore: () => Promise<number>;
  readonly logger: Logger;
}

const INTERVAL_MS = 60_000;

/** Removes past states that are older than the reach. Any number may run. */
export class PastRetention extends BackgroundLoop {
  readonly name = 'past retention';
  readonly #options: PastRetentionOptions;

  constructor(options: PastRetentionOptions) {
    super();
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { databaseUrl, reachMs, clock, forgottenBefore } = this.#options;
    const before = new Date(clock.now() - reachMs).toISOString();
    await prunePast(databaseUrl, { before, forgottenBefore: await forgottenBefore() }, stop);
    return INTERVAL_MS;
  }

  protected onError(error: unknown): NextTurn {
    this.#options.logger.warn({ err: error }, 'old past states could not be removed');
    return INTERVAL_MS;
  }
}
