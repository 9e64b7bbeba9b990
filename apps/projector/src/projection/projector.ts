import type { EndOfLogOptions, EventLog, LogEntry } from '@jobstream/eventlog';
import { JobProjection } from '@jobstream/readmodel';
import type { SearchPaths } from '@jobstream/readmodel';
import { typedCommand } from '@jobstream/runtime';
import type { Logger, Pause, Tracing } from '@jobstream/runtime';
import { CheckpointedFollower } from '../follow/checkpointedFollower.ts';
import type { RecentEntries } from '../follow/recentEntries.ts';
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
  /** Gets what the table has, for others that follow the log in this process. */
  readonly recent?: RecentEntries | undefined;
  /** Called once for an error that no retry can cure, such as a log that was replaced; the projector has then ended. */
  readonly onFailure: (error: unknown) => void;
  /** How often to verify that the log is still the one that is projected, in milliseconds; default 10 s. */
  readonly watchIntervalMs?: number;
}

const WATCH_INTERVAL_MS = 10_000;

/** Keeps the read model in step with the log. */
export class Projector extends CheckpointedFollower<JobProjection> {
  readonly name = 'projector';
  protected readonly lines = {
    active: 'projecting',
    standby: 'standing by: another projector is active',
    interrupted: 'projection interrupted',
  };
  readonly #options: ProjectorOptions;
  readonly #observer: ProjectionObserver;

  /** @param pause waits before the projector tries again; for tests. */
  constructor(options: ProjectorOptions, pause?: Pause) {
    const { observer = silentObserver } = options;
    super({ ...options, observer }, pause);
    this.#options = options;
    this.#observer = observer;
  }

  protected override open(): Promise<JobProjection> {
    return JobProjection.open(this.#options.databaseUrl, undefined, this.#options.searchPaths);
  }

  protected override async follow(projection: JobProjection, stop: AbortSignal): Promise<void> {
    const { watchIntervalMs = WATCH_INTERVAL_MS, tracing, recent, ...options } = this.#options;
    const observer = this.#observer;
    const onProgress = (batch: readonly LogEntry[]) => {
      recent?.add(batch);
      this.progressed();
    };
    observer.becameActive(projection.lastSequence);
    recent?.begin(projection.lastSequence);
    try {
      await this.#warnOfGap(projection);
      await refoldReadableJobs({ ...options, projection, stop });
      await projectLog({ ...options, tracing, projection, observer, watchIntervalMs, stop, onProgress });
    } finally {
      recent?.end();
    }
  }

  async #warnOfGap(projection: JobProjection): Promise<void> {
    const incompleteBefore = await projection.statisticsIncompleteBefore();
    if (incompleteBefore === undefined) return;
    const remedy = `run: ${typedCommand('rebuild', '--except job_statistics')}`;
    this.#options.logger.warn({ incompleteBefore }, `statistics lack events from before a migration; ${remedy}`);
  }
}
