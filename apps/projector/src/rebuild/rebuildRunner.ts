import { randomUUID } from 'node:crypto';
import type { EventLog } from '@jobstream/eventlog';
import { cancelRebuild, RebuildCancelledError } from '@jobstream/readmodel';
import type { RebuildRequest, RebuildRequests, RebuildResult, RebuildStatus } from '@jobstream/readmodel';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';
import type { Progress } from '../tasks/progressMeter.ts';
import { ProgressReporter } from '../tasks/progressReporter.ts';
import { rebuildTables } from './rebuildTables.ts';

export interface RebuildRunnerOptions {
  readonly requests: Pick<RebuildRequests, 'claim' | 'report' | 'finish'>;
  readonly eventLog: Pick<EventLog, 'follow'>;
  readonly databaseUrl: string;
  readonly logger: Logger;
  /** How often to look for a request and to report progress, in milliseconds; default 1 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;

/** How a rebuild ended. */
interface RebuildEnd {
  readonly status: RebuildStatus;
  readonly result: RebuildResult;
}

/**
 * Runs the rebuilds that other processes request, one at a time, with the code of `npm run rebuild`. Of several runners
 * one claims the request; when its process dies or stops, another runner continues the rebuild.
 */
export class RebuildRunner extends PeriodicLoop {
  readonly name = 'rebuild runner';
  readonly #options: RebuildRunnerOptions;
  readonly #id = randomUUID();

  constructor(options: RebuildRunnerOptions) {
    const { logger, intervalMs = INTERVAL_MS } = options;
    // At debug level, since the projector logs that Postgres is unavailable.
    super({ logger, intervalMs, failure: 'rebuild requests could not be read', level: 'debug' });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const request = await this.#options.requests.claim(this.#id);
    if (request !== undefined) await this.#run(request, stop);
    return this.intervalMs;
  }

  async #run(request: RebuildRequest, stop: AbortSignal): Promise<void> {
    const { requests, logger } = this.#options;
    const { id } = request;
    logger.info({ id }, 'requested rebuild started');
    try {
      const end = await this.#rebuild(request, stop);
      if (end === undefined) return;
      logger.info({ id, status: end.status, reason: end.result.reason }, 'requested rebuild ended');
      await requests.finish(this.#id, end.status, end.result);
    } catch (error) {
      logger.error({ err: error, id }, 'the end of the rebuild could not be recorded: a runner will run it again');
    }
  }

  /** Returns undefined for a rebuild that is left to the next runner, or that another runner has claimed. */
  async #rebuild({ force, except }: RebuildRequest, stop: AbortSignal): Promise<RebuildEnd | undefined> {
    const { eventLog, databaseUrl } = this.#options;
    const reporter = new ProgressReporter(this.intervalMs, (progress) => this.#report(progress));
    const task = { eventLog, databaseUrl, kind: 'rebuild', force, except, onProgress: reporter.onProgress } as const;
    try {
      const outcome = await rebuildTables({ ...task, stop: AbortSignal.any([stop, reporter.ended]) });
      const { swapped, position, jobs, differences } = outcome;
      return { status: swapped ? 'completed' : 'differs', result: { position, jobs, differences } };
    } catch (error) {
      if (error instanceof RebuildCancelledError || reporter.ended.reason instanceof RebuildCancelledError) {
        await cancelRebuild(databaseUrl);
        return { status: 'cancelled', result: {} };
      }
      if (stop.aborted || reporter.ended.aborted) return undefined;
      return { status: 'failed', result: { reason: error instanceof Error ? error.message : String(error) } };
    } finally {
      reporter.stop();
    }
  }

  /** Returns why the rebuild must end. */
  async #report(progress: Progress | undefined): Promise<Error | undefined> {
    const response = await this.#options.requests.report(this.#id, progress);
    if (response === 'cancelled') return new RebuildCancelledError();
    return response === 'lost' ? new Error('another process has claimed the rebuild') : undefined;
  }
}
