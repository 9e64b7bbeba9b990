import type { Job, JobProgress } from '@jobstream/domain';
import type { Logger } from '@jobstream/runtime';

/** What a handler knows about its attempt. */
export interface JobContext {
  readonly job: Job;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted at the deadline, at a shutdown, and when the job has moved on; its reason is an AttemptAbortedError. */
  readonly signal: AbortSignal;
  /** Says how far the work is. Cheap to call often: values are coalesced and the last one wins. */
  readonly progress: (progress: JobProgress) => void;
  /**
   * The W3C `traceparent` of this attempt, for what the handler calls: that of its span, or without tracing that of what
   * caused the job, if there is one.
   */
  readonly traceparent?: string | undefined;
  /** Lines carry the job's id, type and attempt. */
  readonly log: Logger;
}
