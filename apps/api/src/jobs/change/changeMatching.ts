import type { JobFilter, JobReference } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../../apiDeps.ts';
import { Problem } from '../../problems/problem.ts';
import { problemType } from '../../problems/problemTypes.ts';
import { toProblem } from '../../problems/toProblem.ts';
import { applyCommand, type ChangeCommand } from './applyCommand.ts';
import type { BulkPlan } from './bulkRequest.ts';
import { changePage, type Outcome, type PageChange } from './changePage.ts';

const PAGE = 500;

const tallyFields = {
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
export const BulkTally = Schema.Struct(tallyFields).annotate({ identifier: 'BulkTally' });

/** The response to a dry run. */
export const BulkCount = Schema.Struct({ dryRun: Schema.Literal(true), matched: Schema.Int }).annotate({
  identifier: 'BulkCount',
});

/** A line of the NDJSON response. `total` is the number of jobs that matched at the beginning. */
export const BulkLine = Schema.Struct({ done: Schema.Boolean, total: Schema.Int, ...tallyFields }).annotate({
  identifier: 'BulkLine',
});

export interface BulkRun {
  /** Makes the command for one job. */
  readonly newCommand: () => ChangeCommand;
  readonly onProgress: (tally: BulkTally) => void;
  /** Aborted when the client disconnects, or with a Problem when the process stops. */
  readonly signal: AbortSignal;
}

export type BulkTally = typeof BulkTally.Type;

/** Where the tally counts an outcome. */
const counted = { done: 'changed', skipped: 'skipped', failed: 'failed', interrupted: 'failed' } as const;

/**
 * Changes the jobs of a plan, page by page.
 *
 * When the log or the table becomes unavailable, it stops and reports that in the tally; it rejects if nothing was done
 * yet.
 */
export async function changeMatching(plan: BulkPlan, run: BulkRun, deps: ApiDeps): Promise<BulkTally> {
  const { signal, onProgress } = run;
  let tally: BulkTally = { matched: 0, changed: 0, skipped: 0, failed: 0 };
  const page: PageChange<JobReference> = {
    change: (job) => changeOne(job, run, deps),
    onOutcome: ({ id }, { outcome }, error) => {
      if (error !== undefined) deps.logger.warn({ err: error, jobId: id }, 'bulk change failed for a job');
      tally = { ...tally, matched: tally.matched + 1, [counted[outcome]]: tally[counted[outcome]] + 1 };
    },
    isOver: () => signal.aborted,
  };
  try {
    for await (const jobs of pagesOfMatches(plan, deps.table)) {
      const stopped = await changePage(jobs, page);
      if (stopped !== undefined) tally = { ...tally, stopped };
      if (signal.aborted || stopped !== undefined) break;
      onProgress(tally);
    }
    return signal.reason instanceof Problem ? stoppedBy(signal.reason, tally) : tally;
  } catch (error) {
    if (tally.matched === 0) throw error;
    return stoppedBy(error, tally);
  }
}

async function changeOne(job: JobReference, { newCommand }: BulkRun, deps: ApiDeps): Promise<Outcome> {
  const applied = await applyCommand(job, newCommand(), deps);
  if (applied === undefined || applied.rejection !== undefined) return { outcome: 'skipped' };
  deps.servedVersions.record(applied.job);
  return { outcome: 'done' };
}

function stoppedBy(error: unknown, tally: BulkTally): BulkTally {
  return { ...tally, stopped: problemType(toProblem(error).code).title };
}

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
