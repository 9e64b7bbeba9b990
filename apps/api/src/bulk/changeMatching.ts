import type { JobReference } from '@jobstream/readmodel';
import type { ApiDeps } from '../apiDeps.ts';
import { applyCommand, type ChangeCommand } from '../jobs/applyCommand.ts';
import { problemType } from '../problems/problemTypes.ts';
import { toProblem } from '../problems/toProblem.ts';
import type { BulkTally } from './bulkAnswers.ts';
import type { BulkPlan } from './bulkRequest.ts';
import { matchingPages } from './matchingPages.ts';

export interface BulkRun {
  /** The command for one job, new for each. */
  readonly newCommand: () => ChangeCommand;
  readonly onProgress: (tally: BulkTally) => void;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Jobs worked on at once: enough to fill a batch of the log, few enough to leave it to others. */
const LANES = 32;

/**
 * Works through the jobs of a plan, page by page. When the log or the table goes away it stops and says so in the tally;
 * it rejects if that happens before anything was done.
 */
export async function changeMatching(plan: BulkPlan, run: BulkRun, deps: ApiDeps): Promise<BulkTally> {
  const change = new BulkChange(run, deps);
  try {
    for await (const jobs of matchingPages(plan, deps.table)) {
      await change.changeAll(jobs);
      if (change.isOver()) break;
      run.onProgress(change.tally);
    }
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
    await Promise.all(Array.from({ length: LANES }, () => this.#work(next)));
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
      this.#deps.served.note(applied.job);
      return 'changed';
    } catch (error) {
      this.#deps.logger.warn({ err: error, jobId: job.id }, 'a job of a bulk change failed');
      if (problemType(toProblem(error).code).status === 503) this.stop(error);
      return 'failed';
    }
  }

  #count(outcome: 'changed' | 'skipped' | 'failed'): void {
    this.#tally = { ...this.#tally, matched: this.#tally.matched + 1, [outcome]: this.#tally[outcome] + 1 };
  }
}
