import { setTimeout as pause } from 'node:timers/promises';
import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import type { Logger, Service } from '@jobstream/runtime';
import { ArchiveGapError, assertNotAhead } from './archiveSegment.ts';
import { ArchiveMismatchError } from './archiveSegment.ts';
import { archiveSegment } from './archiveSegment.ts';

export interface ArchiverOptions {
  readonly eventLog: Pick<EventLog, 'messages'>;
  readonly archive: Archive;
  readonly store: ArchiveStore;
  /** How long the log keeps messages, 0 for ever. */
  readonly maxAgeMs: number;
  readonly logger: Logger;
  readonly observer?: ArchiveObserver;
  /** Pause between two looks at the log; 10 s unless told. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 10_000;
const DAY_MS = 86_400_000;
/** As many fill a segment: nothing is gained by waiting for more. */
const MANY = 50_000;

/**
 * Archives the log before it forgets. Full segments are written at once; messages that do not fill one wait for others
 * until a quarter of the log's age is over, a day at most. Any number of archivers may run: of two that write the same
 * segment one succeeds, and the other then goes on after it.
 */
export class Archiver implements Service {
  readonly name = 'archiver';
  readonly #options: ArchiverOptions;
  readonly #observer: ArchiveObserver;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.#observer = options.observer ?? silentArchiveObserver;
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  /** A segment that is being written is finished first. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const went = await this.#tryTurn();
      if (went !== 'added') await this.#pause();
    }
  }

  async #tryTurn(): Promise<'added' | 'idle'> {
    try {
      return await this.#turn();
    } catch (error) {
      if (this.#stop.signal.aborted) return 'idle';
      this.#observer.failed();
      const isLasting = error instanceof ArchiveGapError || error instanceof ArchiveMismatchError;
      const level = isLasting ? 'error' : 'warn';
      this.#options.logger[level]({ err: error }, 'archiving is interrupted');
      return 'idle';
    }
  }

  async #turn(): Promise<'added' | 'idle'> {
    const { archive, store, eventLog, logger } = this.#options;
    const backlog = await readBacklog(eventLog, archive);
    this.#observer.backlogMeasured(backlog);
    this.#warnIfLate(backlog);
    if (!this.#isDue(backlog)) return 'idle';
    const writer = await ArchiveWriter.open(store, archive);
    const outcome = await archiveSegment({ eventLog, archive, writer, beginLate: false, stop: this.#stop.signal });
    logger.info({ outcome, archivedUpTo: archive.span.last }, 'archived');
    if (outcome === 'added') this.#observer.segmentAdded();
    return outcome === 'added' ? 'added' : 'idle';
  }

  #isDue({ messages, oldestMs }: ArchiveBacklog): boolean {
    const { maxAgeMs } = this.#options;
    const patienceMs = maxAgeMs === 0 ? DAY_MS : Math.min(DAY_MS, maxAgeMs / 4);
    return messages >= MANY || (messages > 0 && oldestMs >= patienceMs);
  }

  /** Half of its life is over, and it should have been archived long ago. */
  #warnIfLate({ oldestMs, messages }: ArchiveBacklog): void {
    const { maxAgeMs, logger } = this.#options;
    if (maxAgeMs === 0 || oldestMs < maxAgeMs / 2) return;
    const leftMs = Math.round(maxAgeMs - oldestMs);
    logger.warn({ messages, leftMs }, 'messages that are not archived will soon be forgotten by the log');
  }

  async #pause(): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    await pause(intervalMs, undefined, { signal: this.#stop.signal }).catch(() => {}); // the stop ends the pause
  }
}

/** Told how archiving goes, for metrics. It must be cheap and must not throw. */
export interface ArchiveObserver {
  /** So much is not archived yet. */
  backlogMeasured(backlog: ArchiveBacklog): void;
  /** A segment was written. */
  segmentAdded(): void;
  /** The work is interrupted and will be tried again. */
  failed(): void;
}

const silentArchiveObserver: ArchiveObserver = {
  backlogMeasured: () => undefined,
  segmentAdded: () => undefined,
  failed: () => undefined,
};

/** What of the log is not in its archive yet. */
export interface ArchiveBacklog {
  readonly messages: number;
  /** Milliseconds since the oldest of them was recorded; 0 if there is none. */
  readonly oldestMs: number;
}

/** ArchiveMismatchError when the archive goes on beyond the log, and what the log and the archive throw. */
export async function readBacklog(eventLog: Pick<EventLog, 'messages'>, archive: Archive): Promise<ArchiveBacklog> {
  const archived = await archive.refresh();
  const log = await eventLog.messages.span();
  assertNotAhead(archived, log);
  const [oldest] = await eventLog.messages.from(archived.last + 1, { count: 1 });
  const oldestMs = oldest === undefined ? 0 : Math.max(0, Date.now() - Date.parse(oldest.recordedAt));
  return { messages: log.last - archived.last, oldestMs };
}
