import type { WaitingFor } from './waitingFor.ts';

export type JobStatus =
  'scheduled' | 'pending' | 'processing' | 'waiting' | 'retrying' | 'completed' | 'failed' | 'cancelled';

/** Which jobs of a type start first while more wait than can run: of 21 starts 16 are of high, 4 of normal, 1 of low priority. */
export type Priority = 'high' | 'normal' | 'low';

/** The delay before the next attempt of a failed job, in milliseconds. */
export type Backoff =
  | { readonly type: 'fixed'; readonly delayMs: number }
  | { readonly type: 'exponential'; readonly delayMs: number; readonly maxDelayMs: number; readonly jitter: number };

export interface JobError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** For callers with the scope `jobs:debug`, in events and a single job. */
  readonly stack?: string;
}

/** A step of a job as it was recorded last: with a result, which is absent where it returned nothing, or with an error. */
export interface JobStep {
  readonly name: string;
  /** Tells the steps of one name apart. */
  readonly key?: string;
  /** The attempt that has recorded it last. */
  readonly attempt: number;
  readonly endedAt: string;
  readonly durationMs: number;
  readonly result?: unknown;
  /** It runs again in the next attempt. */
  readonly error?: JobError;
  /** The signal that it has waited for, and read: its payload is the result. */
  readonly signal?: { readonly id: string; readonly name: string };
  /** It waits for a signal, until then. */
  readonly waitsUntil?: string;
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
  /** The result has a number that JavaScript does not hold exactly: it is shown rounded, or null beyond all doubles. */
  readonly resultInexact?: true;
  readonly error?: JobError;
  readonly progress?: { readonly percent?: number; readonly message?: string };
  /** The number of the running or last attempt; 0 before the first. */
  readonly attempt: number;
  readonly worker?: string;
  /** The release of the program that made the running or last attempt, if its worker says one. */
  readonly workerVersion?: string;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  /** The settings that its creator left out and the definition of its type gave. */
  readonly byDefinition?: ByDefinition;
  readonly tags: readonly string[];
  readonly runAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the running attempt began, or went on after its last wait. */
  readonly startedAt?: string;
  /** How many milliseconds the attempt had run before its last wait. */
  readonly ranMs?: number;
  readonly finishedAt?: string;
  /** The job that this one repeats. */
  readonly rerunOf?: string;
  /** Left out for normal. */
  readonly priority?: 'high' | 'low';
  /** Which other jobs are not created, and for how long, because of this one. */
  readonly unique?: Unique;
  /** How often a step of it was recorded: `jobs.steps(id)` reads them. Left out for none. */
  readonly stepsRecorded?: number;
  /** How many signals of each name no step has read. */
  readonly unread?: Readonly<Record<string, number>>;
  /** The names of the signals by which a job that waits is called. */
  readonly awaits?: readonly string[];
  /** Events of a newer release, which the API cannot read: the rest may be wrong until it is upgraded. */
  readonly unreadableEvents?: number;
  /** Why it does not run, if it has not ended; not in the answers to changes. */
  readonly waitingFor?: WaitingFor;
}

/** Other jobs with the same values at these paths of the payload are not created while this rule holds: one of `while` and `forMs`. */
export interface Unique {
  readonly by: readonly string[];
  readonly while?: 'waiting' | 'unfinished';
  /** Milliseconds from the creation of the job on. */
  readonly forMs?: number;
}

/** Which settings of a job the definition of its type gave, and the worker that has announced the definition. */
export interface ByDefinition {
  readonly settings: readonly ('maxAttempts' | 'backoff' | 'timeoutMs')[];
  readonly worker: string;
}

/** The response to the creation of a job. */
export interface CreatedJob extends Pick<Job, 'id' | 'type' | 'status' | 'version' | 'createdAt' | 'updatedAt'> {
  /** No job was created: this one holds the unique key. */
  readonly existing?: true;
  /** It was given what the request asks for, by `onConflict`. */
  readonly revised?: true;
  readonly warnings?: readonly Warning[];
}

/** A job in the response to the creation of several. */
export type BatchJob = Pick<CreatedJob, 'id' | 'status' | 'existing'>;

/** The response to a retry. */
export interface RetriedJob extends Job {
  readonly warnings?: readonly Warning[];
}

/** The response to a signal: the job behind it, and what identifies the signal in its events and steps. */
export interface SignalledJob extends Job {
  readonly signal: { readonly id: string; readonly name: string; readonly at: string };
  readonly warnings?: readonly Warning[];
}

/** What the API says beside a job or schedule that it has accepted. */
export interface Warning {
  /**
   * `unknown-type`: no worker has announced the type, which may be misspelt. `payload-mismatch`: no worker of the type
   * accepts the payload, and the type only warns.
   */
  readonly code: 'unknown-type' | 'payload-mismatch';
  /** The place in the request. */
  readonly pointer: string;
  readonly detail: string;
  /** Known types of similar names. */
  readonly nearest?: readonly string[];
  /** The mistakes in the payload. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/** A job that has ended. */
export type EndedJob = Job & { readonly status: 'completed' | 'failed' | 'cancelled' };

/** Returns whether a job has ended; then only a retry changes it. */
export function hasEnded(job: Job): job is EndedJob {
  return job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
}

/**
 * A job to create. Only `type` is required; docs/api.md has limits and defaults. What is left out of `maxAttempts`, `backoff` and
 * `timeoutMs` is that of the type's definition, if a worker has announced one.
 */
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
  /** Default `normal`. */
  readonly priority?: Priority;
  /**
   * If there is such a job already, that one is returned, with `existing`, and none is created:
   * `{ by: ['payload.userId'], while: 'waiting' }`.
   */
  readonly unique?: NewUnique;
}

/** What two jobs of a type have in common, as paths into the payload, for the second not to be created. `while` is `unfinished` by default. */
export type NewUnique = (
  | { readonly by: readonly string[]; readonly while?: 'waiting' | 'unfinished' }
  | { readonly by: readonly string[]; readonly forMs: number }
) & {
  /**
   * What becomes of a job that holds the key and waits for its first start: nothing (`keep`, the default), it gets the payload of this
   * request (`replace`), or that and its due time, `delayMs` from now (`debounce`).
   */
  readonly onConflict?: 'keep' | 'replace' | 'debounce';
};

export type NewBackoff =
  | { readonly type: 'fixed'; readonly delayMs?: number }
  | { readonly type: 'exponential'; readonly delayMs?: number; readonly maxDelayMs?: number; readonly jitter?: number };
