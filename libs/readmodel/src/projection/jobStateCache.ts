import { isTerminal } from '@jobstream/domain';
import type { Job, JobState } from '@jobstream/domain';
import type { JobWrite } from './writeJobRows.ts';

/** 33 MB of usual jobs; 57 MB with the longest cached errors, or 82 MB if those are not Latin-1. */
const CAPACITY = 50_000;
/** Of error, progress and the names of signals as JSON; 4,096 would allow 440 MB. Jobs with more are read again for their next event. */
const MAX_CHARS_KEPT = 512;

/**
 * Caches the jobs written last that have not ended, so that their next events need no read. To bound memory, it leaves
 * out payloads and results, which do not affect the fold, and jobs with a long error. It also holds all jobs that are
 * being written, since their rows cannot be read yet.
 */
export class JobStateCache {
  readonly #jobs = new Map<string, Job>();
  readonly #beingWritten = new Map<string, Job>();

  get(jobId: string): JobState {
    return this.#beingWritten.get(jobId) ?? this.#jobs.get(jobId);
  }

  /** Call it as soon as the writes are prepared. */
  remember(writes: readonly JobWrite[]): void {
    for (const write of writes) {
      const { job } = write;
      this.#beingWritten.delete(job.id);
      this.#jobs.delete(job.id); // so that it becomes the newest
      if (isWorthKeeping(write)) this.#jobs.set(job.id, withoutPayload(job));
      else this.#beingWritten.set(job.id, job);
    }
    this.#dropOldest();
  }

  /** Call it once the writes are committed. */
  committed(writes: readonly JobWrite[]): void {
    for (const { job } of writes) if (this.#beingWritten.get(job.id) === job) this.#beingWritten.delete(job.id);
  }

  clear(): void {
    this.#jobs.clear();
    this.#beingWritten.clear();
  }

  #dropOldest(): void {
    for (const jobId of this.#jobs.keys()) {
      if (this.#jobs.size <= CAPACITY) return;
      this.#jobs.delete(jobId);
    }
  }
}

/** After its creation, a job of the cache has none. */
function withoutPayload(job: Job): Job {
  return job.payload === undefined ? job : { ...job, payload: undefined };
}

/** A job that has ended seldom changes again. */
function isWorthKeeping({ job, error, progress }: JobWrite): boolean {
  const chars = (error?.length ?? 0) + (progress?.length ?? 0) + charsOf(job.unread) + charsOf(job.awaits);
  return !isTerminal(job.status) && chars <= MAX_CHARS_KEPT;
}

function charsOf(names: Job['unread'] | Job['awaits']): number {
  return names === undefined ? 0 : JSON.stringify(names).length;
}
