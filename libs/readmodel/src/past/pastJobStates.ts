import { isCreation, isTerminal } from '@jobstream/domain';
import type { LoggedEvent } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import type { FoldableEntry } from '../projection/projectableEntry.ts';
import type { FoldedChanges, PastJob, StateBefore, StatesBefore } from './foldChanges.ts';
import { loadPastJobs, NOT_KEPT } from './pastRows.ts';

/** At most about 20 MB. */
const CAPACITY = 50_000;

/** The states of jobs before a batch. Those of the jobs changed last that have not ended are cached, so that their next events need no read. */
export class PastJobStates {
  readonly #client: ClientBase;
  readonly #cache = new Map<string, PastJob>();

  constructor(client: ClientBase) {
    this.#client = client;
  }

  /**
   * Returns the states of the events' jobs; undefined for new ones.
   *
   * @param createdIsNew whether a JobCreated is taken to be the first event of its job, which is wrong where a job was created twice.
   */
  async before(events: readonly FoldableEntry[], createdIsNew: boolean): Promise<StatesBefore> {
    const states = new Map<string, StateBefore | undefined>();
    const missing: string[] = [];
    for (const { event } of events) {
      const { jobId } = event;
      if (states.has(jobId)) continue;
      const cached = this.#cache.get(jobId);
      states.set(jobId, cached);
      if (cached === undefined && !(createdIsNew && isFirst(event))) missing.push(jobId);
    }
    if (missing.length > 0) for (const [id, job] of await loadPastJobs(this.#client, missing)) states.set(id, job);
    return states;
  }

  /** Call it when the jobs are written. */
  written({ newJobs, changedJobs, completedJobs }: FoldedChanges): void {
    for (const jobId of completedJobs) this.#cache.delete(jobId);
    for (const past of [...newJobs, ...changedJobs]) {
      this.#cache.delete(past.job.id); // so that it becomes the newest
      if (!isTerminal(past.job.status)) this.#cache.set(past.job.id, asInItsRow(past));
    }
    for (const jobId of this.#cache.keys()) {
      if (this.#cache.size <= CAPACITY) return;
      this.#cache.delete(jobId);
    }
  }

  clear(): void {
    this.#cache.clear();
  }
}

function isFirst(event: LoggedEvent): boolean {
  return isCreation(event) && event.version === 1;
}

/** What the row of a job keeps decides alone, whether it was read or not. */
function asInItsRow({ job, ...past }: PastJob): PastJob {
  const { id, type, status, version, attempt, maxAttempts, tags, tenant, stepsRecorded, unread } = job;
  const kept = { id, type, status, version, attempt, maxAttempts, tags };
  const optional = {
    ...(tenant === undefined ? {} : { tenant }),
    ...(stepsRecorded === undefined ? {} : { stepsRecorded }),
    ...(unread === undefined ? {} : { unread }),
  };
  return { ...past, job: { ...NOT_KEPT, ...kept, ...optional } };
}
