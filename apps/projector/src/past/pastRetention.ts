import type { EventLog, LogMessages } from '@jobstream/eventlog';
import { prunePast } from '@jobstream/readmodel';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';

export interface PastRetentionOptions {
  readonly databaseUrl: string;
  /** How far back past states reach at least, in milliseconds. */
  readonly reachMs: number;
  readonly eventLog: {
    readonly clock: Pick<EventLog['clock'], 'now'>;
    readonly messages: Pick<LogMessages, 'span'>;
    readonly expiresPermanently: boolean;
  };
  readonly logger: Logger;
}

/** Removes past states that are older than the reach. Any number may run. */
export class PastRetention extends PeriodicLoop {
  readonly name = 'past retention';
  readonly #options: PastRetentionOptions;

  constructor(options: PastRetentionOptions) {
    super({ logger: options.logger, intervalMs: 60_000, failure: 'old past states could not be removed' });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { databaseUrl, reachMs, eventLog } = this.#options;
    const before = new Date(eventLog.clock.now() - reachMs).toISOString();
    // Where there is an archive, or the log keeps everything, all jobs can be read.
    const forgottenBefore = eventLog.expiresPermanently ? (await eventLog.messages.span()).first : 0;
    await prunePast(databaseUrl, { before, forgottenBefore }, stop);
    return this.intervalMs;
  }
}
