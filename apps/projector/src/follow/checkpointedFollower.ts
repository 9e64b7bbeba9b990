import { ArchiveUnavailableError } from '@jobstream/archive';
import { LogUnavailableError } from '@jobstream/eventlog';
import { JobsOutOfStepError, ProjectionFencedError, ReadModelUnavailableError } from '@jobstream/readmodel';
import type { LockedProjection } from '@jobstream/readmodel';
import { BackgroundLoop, pauseUnlessStopped } from '@jobstream/runtime';
import type { Logger, NextTurn, Pause } from '@jobstream/runtime';

/** Observes a follower, for metrics. Its methods must be cheap and must not throw. */
export interface FollowerObserver {
  /** Another process has the lock. */
  becameStandby(): void;
  /** Following failed and will be tried again. */
  interrupted(): void;
}

export interface CheckpointedFollowerOptions {
  readonly logger: Logger;
  readonly observer: FollowerObserver;
  /** Called once for an error that no retry can cure, such as a log that was replaced; the follower has then ended. */
  readonly onFailure: (error: unknown) => void;
}

/** What a follower logs. */
export interface FollowerLines {
  readonly active: string;
  readonly standby: string;
  readonly interrupted: string;
}

type Followed = Pick<LockedProjection, 'lastSequence' | 'tryAcquire' | 'close'>;

const STANDBY_POLL_MS = 500;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/**
 * Keeps tables in step with the log. Any number may run: one holds the lock of the tables and works, the others stand by. Temporary
 * failures (Postgres, the log or its archive unavailable, the lock lost, rows changed by others) are tried again after a quarter of a
 * second, doubling up to 15 seconds while nothing is written. `stop` waits until what is being written is committed and the lock is free.
 */
export abstract class CheckpointedFollower<Projection extends Followed> extends BackgroundLoop {
  protected abstract readonly lines: FollowerLines;
  readonly #options: CheckpointedFollowerOptions;
  #failures = 0;

  /** @param pause waits before the follower tries again; for tests. */
  constructor(options: CheckpointedFollowerOptions, pause?: Pause) {
    super(pause);
    this.#options = options;
  }

  /** Connects to the tables. */
  protected abstract open(): Promise<Projection>;

  /** Writes from the checkpoint on until `stop` is aborted; calls `progressed` whenever something is committed. The projection has its lock. */
  protected abstract follow(projection: Projection, stop: AbortSignal): Promise<void>;

  protected progressed(): void {
    this.#failures = 0;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const projection = await this.open();
    try {
      if (await this.#becomeActive(projection, stop)) await this.follow(projection, stop);
      return 'end';
    } finally {
      await projection.close();
    }
  }

  protected onError(error: unknown, stop: AbortSignal): NextTurn {
    const { logger, observer, onFailure } = this.#options;
    if (!isTemporary(error)) {
      onFailure(error);
      return 'end';
    }
    observer.interrupted();
    if (stop.aborted) return 'end';
    const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    logger.warn({ err: error, retryInMs }, this.lines.interrupted);
    return retryInMs;
  }

  /** Waits for the lock; returns false when the follower is stopped before it has it. */
  async #becomeActive(projection: Projection, stop: AbortSignal): Promise<boolean> {
    const { logger, observer } = this.#options;
    for (let attempt = 1; !stop.aborted; attempt++) {
      if (await projection.tryAcquire()) {
        logger.info({ lastSequence: projection.lastSequence }, this.lines.active);
        return true;
      }
      observer.becameStandby();
      if (attempt === 1) logger.info(this.lines.standby);
      await pauseUnlessStopped(STANDBY_POLL_MS, stop);
    }
    return false;
  }
}

/** Whether what is written from the log can be written later: something is unavailable, or another process is faster. */
function isTemporary(error: unknown): boolean {
  return (
    error instanceof ReadModelUnavailableError ||
    error instanceof LogUnavailableError ||
    error instanceof ArchiveUnavailableError ||
    error instanceof ProjectionFencedError ||
    error instanceof JobsOutOfStepError
  );
}
