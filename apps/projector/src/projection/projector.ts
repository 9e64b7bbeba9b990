import { setTimeout as pause } from 'node:timers/promises';
import { ArchiveUnavailableError } from '@jobstream/archive';
import { LogUnavailableError } from '@jobstream/eventlog';
import type { EventLog } from '@jobstream/eventlog';
import {
  JobProjection,
  JobsOutOfStepError,
  ProjectionFencedError,
  ReadModelUnavailableError,
} from '@jobstream/readmodel';
import type { Logger, Service, Tracing } from '@jobstream/runtime';
import { silentObserver, type ProjectionObserver } from './projectLog.ts';
import { projectLog } from './projectLog.ts';

const FIRST_PAUSE_MS = 250;

const LONGEST_PAUSE_MS = 15_000;

export interface ProjectorOptions {
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence'>;
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly observer?: ProjectionObserver;
  readonly tracing?: Tracing;
  /** Called once when waiting cannot help, such as for an event of a newer release; the projector has then ended. */
  readonly onFailure: (error: unknown) => void;
  /** How often to make sure that the log is still the one that is projected; every 10 s unless told. */
  readonly watchIntervalMs?: number;
}

const STANDBY_POLL_MS = 500;
const WATCH_INTERVAL_MS = 10_000;

/**
 * Keeps the read model in step with the log. Any number of projectors may run: one holds the lock and works, the others
 * stand by. What may pass (Postgres, the log or its archive away, the lock lost, rows changed by others) is tried again
 * with growing pauses.
 */
export class Projector implements Service {
  readonly name = 'projector';
  readonly #options: ProjectorOptions;
  readonly #observer: ProjectionObserver;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#observer = options.observer ?? silentObserver;
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  /** Waits until the batch at hand is committed and the lock is free. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#takeTurn();
      } catch (error) {
        if (!isTemporary(error)) return this.#options.onFailure(error);
        await this.#pauseAfter(error);
      }
    }
  }

  async #takeTurn(): Promise<void> {
    const projection = await JobProjection.open(this.#options.databaseUrl);
    try {
      if (!(await this.#becomeActive(projection))) return;
      const { eventLog, logger, tracing, watchIntervalMs = WATCH_INTERVAL_MS } = this.#options;
      const onProgress = () => (this.#failures = 0);
      const observer = this.#observer;
      await projectLog({
        eventLog,
        projection,
        logger,
        observer,
        tracing,
        watchIntervalMs,
        stop: this.#stop.signal,
        onProgress,
      });
    } finally {
      await projection.close();
    }
  }

  /** Waits for the lock; false when the projector was stopped meanwhile. */
  async #becomeActive(projection: JobProjection): Promise<boolean> {
    const { logger } = this.#options;
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      if (await projection.tryAcquire()) {
        logger.info({ lastSequence: projection.lastSequence }, 'projecting');
        this.#observer.becameActive(projection.lastSequence);
        return true;
      }
      this.#observer.becameStandby();
      if (attempt === 1) logger.info('standing by: another projector is active');
      await this.#pause(STANDBY_POLL_MS);
    }
    return false;
  }

  async #pauseAfter(error: unknown): Promise<void> {
    this.#failures += 1;
    this.#observer.interrupted();
    const ms = retryPauseMs(this.#failures);
    this.#options.logger.warn({ err: error, retryInMs: ms }, 'projecting is interrupted');
    await this.#pause(ms);
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stop.signal }).catch(() => {}); // the stop ends the pause
  }
}

function isTemporary(error: unknown): boolean {
  return (
    error instanceof ReadModelUnavailableError ||
    error instanceof LogUnavailableError ||
    error instanceof ArchiveUnavailableError ||
    error instanceof ProjectionFencedError ||
    error instanceof JobsOutOfStepError
  );
}

/** How long to wait after that many failures in a row, from 1 on: a quarter of a second, doubling up to 15 seconds. */
function retryPauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}
