import type { ProcessedJob } from '@jobstream/readmodel';
import { problemType } from '../../problems/problemTypes.ts';
import { toProblem } from '../../problems/toProblem.ts';

/** Concurrent jobs: enough to fill a batch of the log, few enough to leave room for others. */
const CONCURRENCY = 32;

/** What became of one job. */
export type Outcome = Omit<ProcessedJob, 'position'>;

/** A job that an outage interrupted may have been changed, or not. */
export type OutcomeOrOutage = Outcome | { readonly outcome: 'interrupted' };

export interface PageChange<Job> {
  /** Changes one job. When it rejects, the job has failed, unless the error is an outage. */
  readonly change: (job: Job) => Promise<Outcome>;
  /** Takes each outcome as soon as it is known, with the error if there was one. */
  readonly onOutcome: (job: Job, outcome: OutcomeOrOutage, error?: unknown) => void;
  /** Once true, no other job is begun. */
  readonly isOver: () => boolean;
}

/**
 * Changes the jobs of a page concurrently, in their order; after an outage, no other one is begun.
 *
 * @returns the outage; undefined if there was none.
 */
export async function changePage<Job>(
  jobs: readonly Job[],
  { change, onOutcome, isOver }: PageChange<Job>,
): Promise<string | undefined> {
  let outage: string | undefined;
  const next = jobs.values();
  const work = async () => {
    for (const job of next) {
      if (outage !== undefined || isOver()) return;
      try {
        onOutcome(job, await change(job));
      } catch (error) {
        outage = outageOf(error) ?? outage;
        onOutcome(job, outcomeOf(error), error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return outage;
}

function outcomeOf(error: unknown): OutcomeOrOutage {
  if (outageOf(error) !== undefined) return { outcome: 'interrupted' };
  const { code, detail } = toProblem(error);
  return { outcome: 'failed', reason: detail ?? problemType(code).title };
}

/** The title of an error that is an outage; undefined for others. */
export function outageOf(error: unknown): string | undefined {
  const { status, title } = problemType(toProblem(error).code);
  return status === 503 ? title : undefined;
}
