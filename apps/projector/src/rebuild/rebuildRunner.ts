import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '@jobstream/eventlog';
import { cancelRebuild, RebuildCancelledError } from '@jobstream/readmodel';
import type { RebuildRequest, RebuildRequests, RebuildResult, RebuildStatus } from '@jobstream/readmodel';
import type { Logger, Service } from '@jobstream/runtime';
import type { Progress } from '../tasks/progressMeter.ts';
import { rebuildTables } from './rebuildTables.ts';
import type { RebuildOutcome } from './rebuildTables.ts';

export interface RebuildRunnerOptions {
  readonly requests: Pick<RebuildRequests, 'claim' | 'report' | 'finish'>;
  readonly eventLog: Pick<EventLog, 'follow'>;
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** How often to look for a request and to say how far it is; every second unless told. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;

/**
 * Runs the rebuilds that others ask for, one at a time, by the code of `npm run rebuild`. Of several processes one gets
 * the request; where that one dies, another takes it up. When the process stops, the rebuild waits for the next runner.
 */
export class RebuildRunner implements Service {
  readonly name = 'rebuild runner';
  readonly #options: RebuildRunnerOptions;
  readonly #runner = randomUUID();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RebuildRunnerOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    return this.#running;
  }

  async #run(): Promise<void> {
    const { requests, logger } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const request = await requests.claim(this.#runner);
        if (request !== undefined) await this.#work(request);
      } catch (error) {
        logger.debug({ err: error }, 'requests for a rebuild cannot be read'); // the projector says that Postgres is away
      }
      await this.#pause();
    }
  }

  async #work({ id, force, except }: RebuildRequest): Promise<void> {
    const { eventLog, databaseUrl, logger } = this.#options;
    logger.info({ id }, 'a rebuild that was asked for begins');
    const reporting = new ProgressReporter(this.#options, this.#runner);
    const stop = AbortSignal.any([this.#stop.signal, reporting.ended]);
    const onProgress = (progress: Progress) => reporting.show(progress);
    try {
      const outcome = await rebuildTables({ eventLog, databaseUrl, kind: 'rebuild', force, except, stop, onProgress });
      await this.#finish(outcome.swapped ? 'completed' : 'differs', resultOf(outcome));
    } catch (error) {
      await this.#failed(error, reporting);
    } finally {
      reporting.stop();
    }
  }

  /** What was stopped with the process is left for the next one; what was lost to another runner is its business. */
  async #failed(error: unknown, { ended }: ProgressReporter): Promise<void> {
    const cancelled = error instanceof RebuildCancelledError || ended.reason instanceof RebuildCancelledError;
    if (!cancelled && (this.#stop.signal.aborted || ended.aborted)) return;
    if (cancelled) await cancelRebuild(this.#options.databaseUrl);
    const reason = error instanceof Error ? error.message : String(error);
    await this.#finish(cancelled ? 'cancelled' : 'failed', cancelled ? {} : { reason });
  }

  async #finish(status: RebuildStatus, result: RebuildResult): Promise<void> {
    this.#options.logger.info({ status, reason: result.reason }, 'the rebuild that was asked for has ended');
    await this.#options.requests.finish(this.#runner, status, result);
  }

  async #pause(): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.#options;
    await pause(intervalMs, undefined, { signal: this.#stop.signal }).catch(() => {}); // the stop ends the pause
  }
}

/** Tells now and then how far a rebuild is, and hears whether it is to end. */
class ProgressReporter {
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #progress: Progress | undefined;

  constructor({ requests, intervalMs = INTERVAL_MS }: RebuildRunnerOptions, runner: string) {
    const report = async () => {
      const verdict = await requests.report(runner, this.#progress);
      if (verdict === 'cancelled') this.#end.abort(new RebuildCancelledError());
      if (verdict === 'lost') this.#end.abort(new Error('another process has taken the rebuild up'));
    };
    this.#timer = setInterval(() => void report().catch(() => {}), intervalMs); // Postgres is away: the next one tells
  }

  /** Aborted when the rebuild is cancelled or another's. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  show(progress: Progress): void {
    this.#progress = progress;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function resultOf({ position, jobs, differences }: RebuildOutcome): RebuildResult {
  return { position, jobs, differences };
}
