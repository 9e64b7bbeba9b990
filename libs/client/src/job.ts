export type JobStatus = 'scheduled' | 'pending' | 'processing' | 'retrying' | 'completed' | 'failed' | 'cancelled';

/** How long a failed job waits before its next attempt, in milliseconds. */
export type Backoff =
  | { readonly type: 'fixed'; readonly delayMs: number }
  | { readonly type: 'exponential'; readonly delayMs: number; readonly maxDelayMs: number; readonly jitter: number };

export interface JobError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** A job as the API shows it. Times are RFC 3339 in UTC. */
export interface Job {
  readonly id: string;
  readonly tenant?: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly version: number;
  readonly payload: unknown;
  readonly result?: unknown;
  readonly error?: JobError;
  readonly progress?: { readonly percent?: number; readonly message?: string };
  /** Of the running or last attempt; 0 before the first. */
  readonly attempt: number;
  readonly worker?: string;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  readonly tags: readonly string[];
  readonly runAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** What the creation of a job answers. */
export type CreatedJob = Pick<Job, 'id' | 'type' | 'status' | 'version' | 'createdAt' | 'updatedAt'>;

/** A job that has ended. */
export type EndedJob = Job & { readonly status: 'completed' | 'failed' | 'cancelled' };

/** Whether a job has ended: only a retry can move it on. */
export function hasEnded(job: Job): job is EndedJob {
  return job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
}

/** What a job is to be; only `type` is required, docs/api.md has the limits and the defaults. */
export interface NewJob {
  readonly type: string;
  readonly payload?: unknown;
  /** RFC 3339; not together with `delayMs`. */
  readonly runAt?: string;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  readonly backoff?: NewBackoff;
  readonly timeoutMs?: number;
  readonly tags?: readonly string[];
}

export type NewBackoff =
  | { readonly type: 'fixed'; readonly delayMs?: number }
  | { readonly type: 'exponential'; readonly delayMs?: number; readonly maxDelayMs?: number; readonly jitter?: number };
