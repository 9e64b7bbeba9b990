import { endOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, EventLog, LogEntry, LogMessages } from '@jobstream/eventlog';
import { PastProjection, ReadModelUnavailableError } from '@jobstream/readmodel';
import type { ReadModel } from '@jobstream/readmodel';
import { pauseUnlessStopped, typedCommand } from '@jobstream/runtime';
import type { Logger } from '@jobstream/runtime';
import { CheckpointedFollower } from '../follow/checkpointedFollower.ts';
import type { FollowerObserver } from '../follow/checkpointedFollower.ts';
import type { RecentEntries } from '../follow/recentEntries.ts';

/** Observes the follower, for metrics. Its methods must be cheap and must not throw. */
export interface PastObserver extends FollowerObserver {
  /** Everything up to this sequence is in the tables. */
  followed(sequence: number, events: number): void;
}

const silentObserver: PastObserver = {
  followed: () => undefined,
  becameStandby: () => undefined,
  interrupted: () => undefined,
};

export interface PastFollowerOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: Pick<EventLog, 'readNext' | 'lastSequence'> & { readonly messages: Pick<LogMessages, 'from'> };
  readonly databaseUrl: string;
  /** The live table, which goes first. */
  readonly table: Pick<ReadModel, 'readCheckpoint'>;
  /** What the projector of this process has just read; default: every message is read from the log. */
  readonly recent?: Pick<RecentEntries, 'after'> | undefined;
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
/** Folding them blocks the process, in which the live projection runs too, for some milliseconds. */
const READ_AT_ONCE = 1_000;
/** Of what need not be decoded any more; the more there are, the more events of a job are written as one. */
const RECENT_AT_ONCE = 5_000;
const LIVE_MAY_LACK = 5_000;

interface Next {
  readonly entries: readonly LogEntry[];
  /** Whether there is as much again, so that there is no reason to wait. */
  readonly isMore: boolean;
}

/**
 * Keeps which job had which status when. It goes behind the live table and takes what that has just read; what is no longer kept,
 * or was never read here, it reads from the log and its archive, without a consumer, a batch at a time, and waits while the live
 * table is behind.
 */
export class PastFollower extends CheckpointedFollower<PastProjection> {
  readonly name = 'past follower';
  protected readonly lines = {
    active: 'following the log for past states',
    standby: 'standing by: another process follows the log for past states',
    interrupted: 'the past states of jobs could not be written',
  };
  readonly #options: PastFollowerOptions;
  readonly #observer: PastObserver;

  constructor(options: PastFollowerOptions) {
    const { observer = silentObserver } = options;
    super({ ...options, observer });
    this.#options = options;
    this.#observer = observer;
  }

  protected override open(): Promise<PastProjection> {
    return PastProjection.open(this.#options.databaseUrl);
  }

  protected override async follow(projection: PastProjection, stop: AbortSignal): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    let position = projection.lastSequence;
    while (!stop.aborted) {
      if (projection.ended.aborted) throw new ReadModelUnavailableError('the connection was lost');
      const { entries, isMore } = await this.#next(projection, position, stop);
      if (position > 0 && isGap(position, entries)) await this.#beginAnew(projection, position);
      await projection.apply(entries);
      position = entries.at(-1)?.sequence ?? position;
      this.#observer.followed(position, entries.length);
      this.progressed();
      await pauseUnlessStopped(isMore ? 0 : intervalMs, stop);
    }
  }

  async #next(projection: PastProjection, position: number, stop: AbortSignal): Promise<Next> {
    const recent = this.#options.recent?.after(position, RECENT_AT_ONCE);
    const entries = recent ?? (await this.#read(position, stop));
    if (entries.length > 0) await this.#assertSameLog(projection);
    return { entries, isMore: entries.length >= (recent === undefined ? READ_AT_ONCE / 2 : RECENT_AT_ONCE) };
  }

  async #read(position: number, stop: AbortSignal): Promise<readonly LogEntry[]> {
    const { eventLog, liveMayLack = LIVE_MAY_LACK, patienceMs } = this.#options;
    const last = await endOfLog(eventLog, position, { patienceMs, stop });
    if (stop.aborted) return [];
    if (last < position)
      throw new LogReplacedError(`past states are known up to sequence ${position}, but the log ends at ${last}`);
    if (last === position) return [];
    if (last - position > liveMayLack && (await this.#liveLacks(last)) > liveMayLack) return [];
    return eventLog.readNext(position, READ_AT_ONCE);
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
