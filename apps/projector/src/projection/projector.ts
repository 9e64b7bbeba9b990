import { ArchiveUnavailableError } from '@jobstream/archive';
import { LogUnavailableError } from '@jobstream/eventlog';
import type { EndOfLogOptions, EventLog } from '@jobstream/eventlog';
import {
  JobProjection,
  JobsOutOfStepError,
  ProjectionFencedError,
  ReadModelUnavailableError,
} from '@jobstream/readmodel';
import type { SearchPaths } from '@jobstream/readmodel';
import { BackgroundLoop, pauseUnlessStopped, typedCommand } from '@jobstream/runtime';
import type { Logger, NextTurn, Pause, Tracing } from '@jobstream/runtime';
import { projectLog, silentObserver } from './projectLog.ts';
import { refoldReadableJobs } from './refoldReadableJobs.ts';
import type { ProjectionObserver } from './projectLog.ts';

export interface ProjectorOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence' | 'readStoredHistory'>;
  readonly databaseUrl: string;
  /** By which jobs can be searched, from now on; default: as before. */
  readonly searchPaths?: SearchPaths;
  readonly logger: Logger;
  readonly observer?: ProjectionObserver;
  readonly tracing?: Tracing;
  /** Called once for an error that no retry can cure, such as a log that was replaced; the projector has then ended. */
  readonly onFailure: (error: unknown) => void;
  /** How often to verify that the log is still the one that is projected, in milliseconds; default 10 s. */
  readonly watchIntervalMs?: number;
}

const STANDBY_POLL_MS = 500;
const WATCH_INTERVAL_MS = 10_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/**
 * Keeps the read model in step with the log. Any number of projectors may run: one holds the lock and works, the others
 * stand by. Temporary failures (Postgres, the log or its archive unavailable, the lock lost, rows changed by others) are
 * retried after a quarter of a second, doubling up to 15 seconds while no batch succeeds. `stop` waits until the batch at
 * hand is committed and the lock is free.
 */
export class Projector extends BackgroundLoop {
  readonly name = 'projector';
  readonly #options: ProjectorOptions;
  readonly #observer: ProjectionObserver;
  #failures = 0;

  /** @param pause waits before the projector tries again; for tests. */
  constructor(options: ProjectorOptions, pause?: Pause) {
    super(pause);
    this.#options = options;
    this.#observer = options.observer ?? silentObserver;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const projection = await JobProjection.open(this.#options.databaseUrl, undefined, this.#options.searchPaths);
    try {
      if (!(await this.#becomeActive(projection, stop))) return 'end';
      const { watchIntervalMs = WATCH_INTERVAL_MS, tracing, ...options } = this.#options;
      const onProgress = () => (this.#failures = 0);
      await refoldReadableJobs({ ...options, projection, stop });
      await projectLog({
        ...options,
        tracing,
        projection,
        observer: this.#observer,
        watchIntervalMs,
        stop,
        onProgress,
      });
      return 'end';
    } finally {
      await projection.close();
    }
  }

  protected onError(error: unknown): NextTurn {
    if (!isTemporary(error)) {
      this.#options.onFailure(error);
      return 'end';
    }
    this.#observer.interrupted();
    const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#options.logger.warn({ err: error, retryInMs }, 'projection interrupted');
    return retryInMs;
  }

  /** Waits for the lock; returns false when the projector is stopped before it has it. */
  async #becomeActive(projection: JobProjection, stop: AbortSignal): Promise<boolean> {
    const { logger } = this.#options;
    for (let attempt = 1; !stop.aborted; attempt++) {
      if (await projection.tryAcquire()) {
        logger.info({ lastSequence: projection.lastSequence }, 'projecting');
        this.#observer.becameActive(projection.lastSequence);
        await this.#warnOfGap(projection);
        return true;
      }
      this.#observer.becameStandby();
      if (attempt === 1) logger.info('standing by: another projector is active');
      await pauseUnlessStopped(STANDBY_POLL_MS, stop);
    }
    return false;
  }

  async #warnOfGap(projection: JobProjection): Promise<void> {
    const incompleteBefore = await projection.statisticsIncompleteBefore();
    if (incompleteBefore === undefined) return;
    const remedy = `run: ${typedCommand('rebuild', '--except job_statistics')}`;
    this.#options.logger.warn({ incompleteBefore }, `statistics lack events from before a migration; ${remedy}`);
  }
}

/** Whether what is written from the log can be written later: something is unavailable, or another process is faster. */
export function isTemporary(error: unknown): boolean {
  return (
    error instanceof ReadModelUnavailableError ||
    error instanceof LogUnavailableError ||
    error instanceof ArchiveUnavailableError ||
    error instanceof ProjectionFencedError ||
    error instanceof JobsOutOfStepError
  );
}
