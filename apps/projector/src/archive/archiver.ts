import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import { spanOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, EventLog } from '@jobstream/eventlog';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';
import { ArchiveGapError, ArchiveMismatchError, archiveSegment, assertNotAhead } from './archiveSegment.ts';

export interface ArchiverOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: Pick<EventLog, 'messages' | 'clock'>;
  readonly archive: Archive;
  readonly store: ArchiveStore;
  /** How long the log keeps messages, in milliseconds; 0 for ever. */
  readonly maxAgeMs: number;
  readonly logger: Logger;
  readonly observer?: ArchiveObserver;
  /** Pause between two looks at the log; default 10 s. */
  readonly intervalMs?: number;
}

/** Observes archiving, for metrics. Its methods must be cheap and must not throw. */
export interface ArchiveObserver {
  backlogMeasured(backlog: ArchiveBacklog): void;
  segmentAdded(): void;
  /** Archiving failed and will be retried. */
  failed(): void;
}

/** The part of the log that is not archived yet. */
export interface ArchiveBacklog {
  readonly messages: number;
  /** Milliseconds since the oldest of them was recorded; 0 if there is none. */
  readonly oldestMs: number;
}

const INTERVAL_MS = 10_000;
const DAY_MS = 86_400_000;
/** Enough to fill a segment: nothing is gained by waiting for more. */
const FULL_SEGMENT = 50_000;

/**
 * Archives the messages of the log before they expire. Full segments are written at once; messages that do not fill one
 * wait for others until a quarter of the log's maximum age has passed, a day at most. Any number of archivers may run: of
 * two that write the same segment one succeeds, and the other continues after it. `stop` waits for a segment that is
 * being written.
 */
export class Archiver extends PeriodicLoop {
  readonly name = 'archiver';
  readonly #options: ArchiverOptions;

  constructor(options: ArchiverOptions) {
    super({ logger: options.logger, intervalMs: options.intervalMs ?? INTERVAL_MS, failure: 'archiving interrupted' });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { archive, store, eventLog, logger, observer, patienceMs } = this.#options;
    const backlog = await readBacklog(eventLog, archive, { patienceMs, stop });
    observer?.backlogMeasured(backlog);
    this.#warnIfLate(backlog);
    if (!this.#isDue(backlog)) return this.intervalMs;
    const writer = await ArchiveWriter.open(store, archive);
    const outcome = await archiveSegment({ eventLog, archive, writer, beginLate: false, patienceMs, stop });
    logger.info({ outcome, archivedUpTo: archive.span.last }, 'archived');
    if (outcome !== 'added') return this.intervalMs;
    observer?.segmentAdded();
    return 0;
  }

  protected override onError(error: unknown, stop: AbortSignal): NextTurn {
    if (stop.aborted) return 'end';
    this.#options.observer?.failed();
    const isPermanent = error instanceof ArchiveGapError || error instanceof ArchiveMismatchError;
    return this.tryAgain(error, isPermanent ? 'error' : 'warn');
  }

  #isDue({ messages, oldestMs }: ArchiveBacklog): boolean {
    const { maxAgeMs } = this.#options;
    const patienceMs = maxAgeMs === 0 ? DAY_MS : Math.min(DAY_MS, maxAgeMs / 4);
    return messages >= FULL_SEGMENT || (messages > 0 && oldestMs >= patienceMs);
  }

  /**
   * Messages past half of their life should have been archived long ago. A log of an earlier release loses them at their
   * maximum age, whether they are archived or not.
   */
  #warnIfLate({ oldestMs, messages }: ArchiveBacklog): void {
    const { maxAgeMs, logger } = this.#options;
    if (maxAgeMs === 0 || oldestMs < maxAgeMs / 2) return;
    const ages = { oldestMs: Math.round(oldestMs), maxAgeMs };
    logger.warn({ messages, ...ages }, 'messages wait long to be archived: until then they stay in the log');
  }
}

/** @throws ArchiveMismatchError when the archive is ahead of the log; also what the log and the archive throw. */
export async function readBacklog(
  eventLog: Pick<EventLog, 'messages' | 'clock'>,
  archive: Archive,
  options?: EndOfLogOptions,
): Promise<ArchiveBacklog> {
  const archived = await archive.refresh();
  const log = await spanOfLog(eventLog.messages, archived.last, options);
  assertNotAhead(archived, log);
  const [oldest] = await eventLog.messages.from(archived.last + 1, { count: 1 });
  const oldestMs = oldest === undefined ? 0 : Math.max(0, eventLog.clock.now() - Date.parse(oldest.recordedAt));
  return { messages: log.last - archived.last, oldestMs };
}
