import type { CallOptions } from '../transport/transport.ts';
import type { PastMoment } from '../operate/stats.ts';
import type { Job, NewJob } from './job.ts';
import type { Page } from './pages.ts';

export interface CreateOptions extends CallOptions {
  /** A repeated creation with the same key returns the same job, also after a restart of the caller; default: a new key. */
  readonly idempotencyKey?: string;
}

export interface GetOptions extends CallOptions {
  /** Waits up to 3.5 s for this version, to read your own write. */
  readonly minVersion?: number;
  /** Returns the job as it was at a time (RFC 3339), or after the event with this sequence. */
  readonly asOf?: string | number;
}

export interface PageOptions {
  /** Jobs on a page: 1 to 200, default 50. */
  readonly limit?: number;
  readonly cursor?: string;
  /** Also counts the jobs of all pages. */
  readonly count?: boolean;
  /** The `sequence` of an event that the page is to have, as one that a feed told of: the API waits for its table, for up to two seconds. */
  readonly minPosition?: number;
}

export interface JobPage extends Page<Job> {
  readonly total?: number;
  /** False when there are more than `total`. */
  readonly totalExact?: boolean;
  /** With `asOf`: how many jobs of the page are left out, because the log has lost their events of that time. */
  readonly unknown?: number;
  /** With `asOf`: the moment of the answer. */
  readonly asOf?: PastMoment;
}

export interface ChangeOptions extends CallOptions {
  /** Stored in the event. */
  readonly reason?: string;
}

export interface RetryOptions extends ChangeOptions {
  /** Replaces the payload for all later attempts; earlier ones stay in the history. */
  readonly payload?: unknown;
  /** With another payload: the steps that the job has recorded count for it as well. Else they run again. */
  readonly keepSteps?: boolean;
  /** Whether events of a newer release that the API cannot read are discarded: the job goes on without them. */
  readonly discardUnreadable?: boolean;
}

/** What shall be different in the new job. */
export interface RerunOptions extends Partial<Omit<NewJob, 'type'>>, CreateOptions {
  /** Stored in the event. */
  readonly reason?: string;
}

export interface HistoryOptions extends CallOptions {
  /** Leaves out events up to this sequence. */
  readonly after?: number;
}

/** A line that a handler wrote with `ctx.log`. */
export interface LogLine {
  /** RFC 3339. */
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The id of the `JobStarted` or `JobResumed` of the run that wrote it: an attempt has several when it has slept, or the job was released or retried. */
  readonly runId: string;
}
