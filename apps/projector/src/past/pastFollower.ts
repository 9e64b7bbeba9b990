import { endOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, EventLog, LogEntry, LogMessages } from '@jobstream/eventlog';
import { PastProjection, ReadModelUnavailableError } from '@jobstream/readmodel';
import type { ReadModel } from '@jobstream/readmodel';
import { BackgroundLoop, pauseUnlessStopped, typedCommand } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';
import { isTemporary } from '../projection/projector.ts';

/** Observes the follower, for metrics. Its methods must be cheap and must not throw. */
export interface PastObserver {
  /** Everything up to this sequence is in the tables. */
  followed(sequence: number, events: number): void;
  /** Another process follows, or this one was interrupted. */
  standsBy(): void;
}

export interface PastFollowerOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: Pick<EventLog, 'readNext' | 'lastSequence'> & { readonly messages: Pick<LogMessages, 'from'> };
  readonly databaseUrl: string;
  /** The live table, which goes first. */
  readonly table: Pick<ReadModel, 'readCheckpoint'>;
  readonly logger: Logger;
  /** Called once for an error that no retry can cure, such as a log that was replaced; the follower has then ended. */
  readonly onFailure: (error: unknown) => void;
  readonly observer?: PastObserver;
  /** Pause at the end of the log; default 250 ms, so that one transaction has the events of that time. */
  readonly intervalMs?: number;
  /** How many events the live table may lack while a backlog is followed; default 5,000. */
  readonly liveMayLack?: number;
}

const INTERVAL_MS = 250;
const RETRY_MS = 2_000;
const STANDBY_POLL_MS = 500;
/** Folding them blocks the process, in which the live projection runs too, for some milliseconds. */
const AT_ONCE = 1_000;
const LIVE_MAY_LACK = 5_000;

/**
 * Keeps which job had which status when, from the log and its archive. It reads without a consumer, a batch at a time, and
 * waits while the live table is behind. Any number may run: one holds the lock and works, the others stand by. Temporary
 * failures are tried again.
 */
export class PastFollower extends BackgroundLoop {
  readonly name = 'past follower';
  readonly #options: PastFollowerOptions;

  constructor(options: PastFollowerOptions) {
    super();
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const projection = await PastProjection.open(this.#options.databaseUrl);
    try {
      if (!(await projection.tryAcquire())) return this.#standBy();
      this.#options.logger.info({ lastSequence: projection.lastSequence }, 'following the log for past states');
      await this.#follow(projection, stop);
      return 'end';
    } finally {
      await projection.close();
    }
  }

  protected onError(error: unknown, stop: AbortSignal): NextTurn {
    if (stop.aborted) return 'end';
    const { logger, observer, onFailure } = this.#options;
    observer?.standsBy();
    if (!isTemporary(error)) {
      onFailure(error);
      return 'end';
    }
    logger.warn({ err: error, retryInMs: RETRY_MS }, 'the past states of jobs could not be written');
    return RETRY_MS;
  }

  #standBy(): NextTurn {
    this.#options.observer?.standsBy();
    return STANDBY_POLL_MS;
  }

  async #follow(projection: PastProjection, stop: AbortSignal): Promise<void> {
    const { intervalMs = INTERVAL_MS, observer } = this.#options;
    let position = projection.lastSequence;
    while (!stop.aborted) {
      if (projection.ended.aborted) throw new ReadModelUnavailableError('the connection was lost');
      const entries = await this.#next(projection, position, stop);
      if (position > 0 && isGap(position, entries)) await this.#beginAnew(projection, position);
      await projection.apply(entries);
      position = entries.at(-1)?.sequence ?? position;
      observer?.followed(position, entries.length);
      await pauseUnlessStopped(entries.length < AT_ONCE / 2 ? intervalMs : 0, stop);
    }
  }

  async #next(projection: PastProjection, position: number, stop: AbortSignal): Promise<readonly LogEntry[]> {
    const { eventLog, liveMayLack = LIVE_MAY_LACK, patienceMs } = this.#options;
    const last = await endOfLog(eventLog, position, { patienceMs, stop });
    if (last < position)
      throw new LogReplacedError(`past states are known up to sequence ${position}, but the log ends at ${last}`);
    if (last === position) return [];
    if (last - position > liveMayLack && (await this.#liveLacks(last)) > liveMayLack) return [];
    const entries = await eventLog.readNext(position, AT_ONCE);
    await this.#assertSameLog(projection);
    return entries;
  }

  /**
   * A log that was replaced may have grown beyond the position meanwhile, so the last change is looked for. Where it has
   * left the log, nothing is known.
   */
  async #assertSameLog({ newest }: PastProjection): Promise<void> {
    if (newest === undefined) return;
    const [message] = await this.#options.eventLog.messages.from(newest.sequence, { count: 1 });
    if (message?.sequence !== newest.sequence || message.subject.split('.').includes(newest.jobId)) return;
    throw new LogReplacedError(
      `past states have an event of job ${newest.jobId} at sequence ${newest.sequence}, the log has another`,
    );
  }

  async #liveLacks(last: number): Promise<number> {
    return last - ((await this.#options.table.readCheckpoint())?.lastSequence ?? 0);
  }

  /** Without an archive, jobs may have ended with events that nobody has any more. */
  async #beginAnew(projection: PastProjection, position: number): Promise<void> {
    this.#options.logger.warn(
      { after: position },
      'events have expired before they were followed: past states begin anew',
    );
    await projection.clear();
  }
}

function isGap(position: number, [first]: readonly LogEntry[]): boolean {
  return first !== undefined && first.sequence !== position + 1;
}

/** Past states were written from another log than this one, or this one was lost; no retry can cure that. */
class LogReplacedError extends Error {
  readonly code = 'LOG_REPLACED';

  constructor(detail: string) {
    const remedy = `Restore it, or empty the past states with ${typedCommand('rebuild', '--past')}, so that they are built from this log`;
    super(`${detail}: the log was lost or replaced. ${remedy}`);
    this.name = 'LogReplacedError';
  }
}
