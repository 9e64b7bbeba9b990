import { isTerminal } from '@jobstream/domain';
import type { Job, JobState } from '@jobstream/domain';
import type { JobWrite } from './writeJobRows.ts';

/** Of usual jobs 33 MB; with as much error as is kept 57 MB, or 82 MB where it is not in Latin letters. */
const CAPACITY = 50_000;
/** Of error and progress as JSON: with 4,096 of them it would be 440 MB. Jobs with more are read again for their next event. */
const MAX_CHARS_KEPT = 512;

/**
 * The jobs written last that are still under way, so that their next events need no read. Payloads and results are left
 * out, since they do not decide what an event does, and so are jobs with a long error: memory stays bounded. All of what
 * is being written is known as well, since its rows cannot be read yet.
 */
export class JobStateCache {
  readonly #jobs = new Map<string, Job>();
  readonly #beingWritten = new Map<string, Job>();

  get(jobId: string): JobState {
    return this.#beingWritten.get(jobId) ?? this.#jobs.get(jobId);
  }

  /** To be called as soon as the writes are decided. */
  remember(writes: readonly JobWrite[]): void {
    for (const write of writes) {
      const { job } = write;
      this.#beingWritten.delete(job.id);
      this.#jobs.delete(job.id); // so that it becomes the newest
      if (isWorthKeeping(write)) this.#jobs.set(job.id, { ...job, payload: undefined });
      else this.#beingWritten.set(job.id, job);
    }
    this.#dropOldest();
  }

  /** To be called once the writes are committed. */
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

/** A job that has ended seldom changes again, and its result is known to its row alone. */
function isWorthKeeping({ job, error, progress }: JobWrite): boolean {
  return !isTerminal(job.status) && (error?.length ?? 0) + (progress?.length ?? 0) <= MAX_CHARS_KEPT;
}
