import type { JobEvent } from '@jobstream/client';
import { type JobChange, jobChangeOf, withLater } from './jobChange.ts';

/** What a feed brought between two positions of the log. */
export interface Gathered {
  /** The newest change of each job. */
  readonly changes: readonly JobChange[];
  /** The sequence after which it begins; undefined where that is not known. */
  readonly after: number | undefined;
  readonly until: number;
  /** Some changes were left out, because there were too many. */
  readonly dropped: boolean;
}

const MAX_CHANGES = 500;

/** Gathers the events of a feed: at most the newest change of 500 jobs. */
export class FeedGathering {
  readonly #changes = new Map<string, JobChange>();
  #after: number | undefined;
  #until: number | undefined;
  #dropped = false;
  #isAsked = false;

  /** The feed goes on after this position. */
  begin(position: number | undefined): void {
    this.#after = this.#until = position;
  }

  add(event: JobEvent): void {
    this.#until = event.sequence;
    if (this.#changes.size < MAX_CHANGES || this.#changes.has(event.jobId)) {
      this.#changes.set(event.jobId, withLater(this.#changes.get(event.jobId), jobChangeOf(event)));
    } else {
      this.#dropped = true;
    }
  }

  /** Has the next `take` return something though nothing may have happened. */
  answer(): void {
    this.#isAsked = true;
  }

  /** Returns what was gathered since the last call; undefined if there is nothing to tell. */
  take(): Gathered | undefined {
    if (this.#until === undefined || (this.#changes.size === 0 && !this.#isAsked)) return undefined;
    const gathered = {
      changes: [...this.#changes.values()],
      after: this.#after,
      until: this.#until,
      dropped: this.#dropped,
    };
    this.#changes.clear();
    this.#after = this.#until;
    this.#dropped = this.#isAsked = false;
    return gathered;
  }
}
