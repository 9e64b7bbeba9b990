import type { JobFilter, JobReference } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../../apiDeps.ts';
import { Problem } from '../../problems/problem.ts';
import { problemType } from '../../problems/problemTypes.ts';
import { toProblem } from '../../problems/toProblem.ts';
import { applyCommand, type ChangeCommand } from './applyCommand.ts';
import type { BulkPlan } from './bulkRequest.ts';

const PAGE = 500;

const tally = {
  matched: Schema.Int.annotateKey({ description: 'Jobs processed: the sum of changed, skipped and failed.' }),
  changed: Schema.Int,
  skipped: Schema.Int.annotateKey({
    description: 'Jobs whose state does not allow the change: they have moved on since the table was written.',
  }),
  failed: Schema.Int,
  stopped: Schema.optionalKey(Schema.String).annotateKey({
    description: 'Why it ended before all jobs were processed.',
  }),
};

/** The progress or the outcome of a bulk change. */
export const BulkTally = Schema.Struct(tally).annotate({ identifier: 'BulkTally' });

/** The response to a dry run. */
export const BulkCount = Schema.Struct({ dryRun: Schema.Literal(true), matched: Schema.Int }).annotate({
  identifier: 'BulkCount',
});

/** A line of the NDJSON response. `total` is the number of jobs that matched at the beginning. */
export const BulkLine = Schema.Struct({ done: Schema.Boolean, total: Schema.Int, ...tally }).annotate({
  identifier: 'BulkLine',
});

export interface BulkRun {
  /** Makes the command for one job. */
  readonly newCommand: () => ChangeCommand;
  readonly onProgress: (tally: BulkTally) => void;
  /** Aborted when the client disconnects, or with a Problem when the process stops. */
  readonly signal: AbortSignal;
}

/** Concurrent changes: enough to fill a batch of the log, few enough to leave room for others. */
const CONCURRENCY = 32;

/**
 * Changes the jobs of a plan, page by page.
 *
 * When the log or the table becomes unavailable, it stops and reports that in the tally; it rejects if nothing was done
 * yet.
 */
export async function changeMatching(plan: BulkPlan, run: BulkRun, deps: ApiDeps): Promise<BulkTally> {
  const change = new BulkChange(run, deps);
  try {
    for await (const jobs of pagesOfMatches(plan, deps.table)) {
      await change.changeAll(jobs);
      if (change.isOver()) break;
      run.onProgress(change.tally);
    }
    if (run.signal.reason instanceof Problem) change.stop(run.signal.reason);
  } catch (error) {
    if (change.tally.matched === 0) throw error;
    change.stop(error);
  }
  return change.tally;
}

class BulkChange {
  readonly #run: BulkRun;
  readonly #deps: ApiDeps;
  #tally: BulkTally = { matched: 0, changed: 0, skipped: 0, failed: 0 };

  constructor(run: BulkRun, deps: ApiDeps) {
    this.#run = run;
    this.#deps = deps;
  }

  get tally(): BulkTally {
    return this.#tally;
  }

  isOver(): boolean {
    return this.#run.signal.aborted || this.#tally.stopped !== undefined;
  }

  async changeAll(jobs: readonly JobReference[]): Promise<void> {
    const next = jobs.values();
    await Promise.all(Array.from({ length: CONCURRENCY }, () => this.#work(next)));
  }

  stop(error: unknown): void {
    const { title } = problemType(toProblem(error).code);
    this.#tally = { ...this.#tally, stopped: title };
  }

  async #work(jobs: Iterable<JobReference>): Promise<void> {
    for (const job of jobs) {
      if (this.isOver()) return;
      this.#count(await this.#outcomeOf(job));
    }
  }

  async #outcomeOf(job: JobReference): Promise<'changed' | 'skipped' | 'failed'> {
    try {
      const applied = await applyCommand(job, this.#run.newCommand(), this.#deps);
      if (applied === undefined || applied.rejection !== undefined) return 'skipped';
      this.#deps.servedVersions.record(applied.job);
      return 'changed';
    } catch (error) {
      this.#deps.logger.warn({ err: error, jobId: job.id }, 'bulk change failed for a job');
      if (problemType(toProblem(error).code).status === 503) this.stop(error);
      return 'failed';
    }
  }

  #count(outcome: 'changed' | 'skipped' | 'failed'): void {
    this.#tally = { ...this.#tally, matched: this.#tally.matched + 1, [outcome]: this.#tally[outcome] + 1 };
  }
}

export type BulkTally = typeof BulkTally.Type;

/** Yields the jobs of a plan from the table, newest first within each status, without duplicates. */
async function* pagesOfMatches(
  { filter, statuses, limit }: BulkPlan,
  table: ApiDeps['table'],
): AsyncGenerator<readonly JobReference[]> {
  const seen = new Set<string>();
  for (const status of statuses) {
    for await (const page of pagesOf({ ...filter, status }, table)) {
      // A job that changes its status meanwhile may be listed again in the next one.
      const jobs = page.filter(({ id }) => !seen.has(id)).slice(0, limit - seen.size);
      for (const { id } of jobs) seen.add(id);
      if (jobs.length > 0) yield jobs;
      if (seen.size >= limit) return;
    }
  }
}

async function* pagesOf(filter: JobFilter, table: ApiDeps['table']): AsyncGenerator<readonly JobReference[]> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await table.findJobReferences({ ...filter, limit: PAGE, cursor });
    yield items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** Counts the jobs that a plan matches now, at most `upTo`. */
export async function countMatching(
  plan: Pick<BulkPlan, 'filter' | 'statuses'>,
  upTo: number,
  table: ApiDeps['table'],
): Promise<number> {
  let count = 0;
  for (const status of plan.statuses) {
    if (count < upTo) count += await table.countMatchingJobs({ ...plan.filter, status }, upTo - count);
  }
  return count;
}
