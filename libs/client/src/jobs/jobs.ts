import { newIdempotencyKey } from '../enqueue/idempotencyKey.ts';
import type { CallOptions } from '../transport/transport.ts';
import { changeMany, type BulkChange, type BulkOptions } from './bulkChange.ts';
import { followEvents } from '../transport/followEvents.ts';
import {
  hasEnded,
  type BatchJob,
  type CreatedJob,
  type EndedJob,
  type Job,
  type JobStatus,
  type JobStep,
  type Priority,
} from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import type { NewJob, RetriedJob, SignalledJob } from './job.ts';
import type {
  CreateOptions,
  GetOptions,
  PageOptions,
  JobPage,
  ChangeOptions,
  RetryOptions,
  RerunOptions,
  HistoryOptions,
  LogLine,
} from './jobOptions.ts';
import { itemsOf } from './pages.ts';
import { pause, retryDelay } from '../transport/pause.ts';
import type { Transport } from '../transport/transport.ts';

/** How long one request waits for the end of a job: proxies cut connections that are idle for longer than 30 s. */
const WAIT_S = 25;

/** The operations on jobs. Each throws NotFoundError for an unknown id. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Creates one job. The request is repeated while the API is unavailable, under one idempotency key, so it creates the
   * job once; pass a key of your own (an order number, say) to make that true across restarts of the caller as well.
   *
   * @returns the job with its status `pending` or `scheduled`; with `unique`, the one that there is already, and `existing`.
   * @throws InvalidRequestError for a request that breaks a rule, with a pointer to each mistake.
   * @throws UnavailableError after `retryForMs`.
   * @example
   * const job = await client.jobs.create({ type: 'email', payload: { to } }, { idempotencyKey: order.id });
   */
  create(job: NewJob, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}): Promise<CreatedJob> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({ method: 'POST', path: '/api/jobs', body: job, headers, signal });
  }

  /**
   * Creates up to 1,000 jobs, all or none, and returns them in the same order. A unique one counts as two; where its key is held the
   * holder stands in its place, with `existing`.
   */
  async createBatch(
    jobs: readonly NewJob[],
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<readonly BatchJob[]> {
    const headers = { 'idempotency-key': idempotencyKey };
    const request = { method: 'POST', path: '/api/jobs/batch', body: { jobs }, headers, signal } as const;
    return (await this.#transport.ask<{ jobs: readonly BatchJob[] }>(request)).jobs;
  }

  get(id: string, { signal, ...query }: GetOptions = {}): Promise<Job> {
    return this.#transport.ask({ path: pathOf(id), query, signal });
  }

  /**
   * Compares a job with another one; without `other`, with the job of its type and tenant that has succeeded and shares most of its tags,
   * the last of several.
   */
  compare(id: string, other?: string, { signal }: CallOptions = {}): Promise<JobComparison> {
    const query = { with: other };
    return this.#transport.ask({ path: `${pathOf(id)}/comparison`, query, signal, ofTable: true });
  }

  /**
   * Iterates over all jobs that a filter matches, newest first by default; fetches a page when the one before is used up.
   *
   * @example
   * client.jobs.list({ status: ['failed', 'cancelled'], errorCode: 'ETIMEDOUT', sort: 'oldest' })
   * client.jobs.list({ status: 'processing', asOf: '2026-01-31T03:12:00Z' })
   */
  list(filter: JobListFilter = {}, options: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    return itemsOf((cursor) => this.listPage({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, options));
  }

  listPage(query: JobListFilter & PageOptions = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    const ofTable = query.asOf === undefined;
    return this.#transport.ask({ path: '/api/jobs', query: { ...query }, signal, ofTable });
  }

  /**
   * Waits until a job is `completed`, `failed` or `cancelled`, for as long as that takes.
   *
   * @param options.signal ends the wait; the call then rejects with the signal's reason.
   * @example
   * const { status, result } = await client.jobs.waitForCompletion(job.id, { signal: AbortSignal.timeout(60_000) });
   */
  async waitForCompletion(id: string, { signal }: CallOptions = {}): Promise<EndedJob> {
    const query = { wait: `${WAIT_S}s` };
    const patienceMs = (WAIT_S + 10) * 1_000;
    for (let early = 1; ; early += 1) {
      const askedAt = Date.now();
      const job = await this.#transport.ask<Job>({ path: pathOf(id), query, patienceMs, signal });
      if (hasEnded(job)) return job;
      // A server that stops, or a proxy with a short limit, answers before the wait is over.
      if (Date.now() - askedAt >= (WAIT_S * 1_000) / 2) early = 0;
      else await pause(retryDelay(early), signal);
    }
  }

  /** Cancels a job. Cancelling twice is allowed. @throws ConflictError when the job has ended otherwise. */
  cancel(id: string, { signal, ...body }: ChangeOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/cancel`, body, signal });
  }

  /**
   * Puts a failed or cancelled job back to `pending`.
   *
   * @throws ConflictError in any other status.
   * @throws InvalidRequestError for a payload that its workers do not accept.
   */
  retry(id: string, { signal, ...body }: RetryOptions = {}): Promise<RetriedJob> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/retry`, body, signal, repeatable: false });
  }

  /** Returns the steps of a job, each as it was recorded last, in the order in which they have ended. */
  async steps(id: string, { signal }: CallOptions = {}): Promise<readonly JobStep[]> {
    return (await this.#transport.ask<{ items: readonly JobStep[] }>({ path: `${pathOf(id)}/steps`, signal })).items;
  }

  /**
   * Sends a signal to a job that has not ended, for the step of its handler that waits for it now or later. The request is repeated while
   * the API is unavailable, under one idempotency key, so the job gets it once; pass a key of your own (the id of the approval, say) to
   * make that true across restarts of the caller as well.
   *
   * @param payload what the step gets; left out, null.
   * @returns the job, and the signal as its events and steps have it. That it is stored does not say that a step has read it.
   * @throws NotFoundError `signal-not-found` for a name that no worker of the type takes.
   * @throws ConflictError when the job has ended, or has too many signals that no step has read.
   * @throws InvalidRequestError for a payload that its workers do not accept.
   * @example
   * await client.jobs.signal(id, 'approved', { by: 'ann@example.com' }, { idempotencyKey: approval.id });
   */
  signal(
    id: string,
    name: string,
    payload?: unknown,
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<SignalledJob> {
    const path = `${pathOf(id)}/signals/${encodeURIComponent(name)}`;
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({ method: 'POST', path, body: { payload }, headers, signal });
  }

  /** Runs a `scheduled` or `retrying` job now. @throws ConflictError in any other status. */
  runNow(id: string, { signal, ...body }: ChangeOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/run-now`, body, signal });
  }

  /**
   * Gives a job another priority that waits: one that is `scheduled`, `pending` or `retrying`.
   *
   * @throws ConflictError in any other status.
   * @example
   * await client.jobs.changePriority(job.id, 'high', { reason: 'the customer waits' });
   */
  changePriority(id: string, priority: Priority, { signal, ...body }: ChangeOptions = {}): Promise<Job> {
    const request = { method: 'POST', path: `${pathOf(id)}/priority`, body: { ...body, priority }, signal } as const;
    return this.#transport.ask(request);
  }

  /**
   * Creates a job like one that has ended, with `rerunOf`. Repeated like `create` while the API is unavailable.
   *
   * @throws ConflictError while the job has not ended, and when its payload was erased and there is no other.
   */
  rerun(id: string, { signal, idempotencyKey = newIdempotencyKey(), ...body }: RerunOptions = {}): Promise<CreatedJob> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/rerun`, body, headers, signal });
  }

  /** Erases payload and result of an encrypted job; its history stays. @throws ConflictError when it was stored in clear. */
  erasePayload(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'DELETE', path: `${pathOf(id)}/payload`, signal });
  }

  /** Cancels the jobs of a selection: those that have not ended, or those of the status that it names. */
  cancelMany(selection: JobSelection, options: BulkOptions = {}): Promise<BulkChange> {
    return changeMany(this.#transport, { path: '/api/jobs/cancel', selection }, options);
  }

  /** Retries the jobs of a selection: the failed ones, or those of the status that it names. */
  retryMany(selection: JobSelection, options: BulkOptions = {}): Promise<BulkChange> {
    return changeMany(this.#transport, { path: '/api/jobs/retry', selection }, options);
  }

  /** Gives the jobs of a selection another priority: those that wait, or those of the status that it names. */
  changePriorityOfMany(selection: JobSelection, priority: Priority, options: BulkOptions = {}): Promise<BulkChange> {
    return changeMany(this.#transport, { path: '/api/jobs/priority', selection: { ...selection, priority } }, options);
  }

  /** Returns the history of a job, oldest event first. */
  async history(id: string, { signal }: CallOptions = {}): Promise<readonly JobEvent[]> {
    const request = { path: `${pathOf(id)}/events`, signal };
    return (await this.#transport.ask<{ items: readonly JobEvent[] }>(request)).items;
  }

  /** Iterates over the history of a job and then follows it live, until the job has ended. */
  events(id: string, { signal, after }: HistoryOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return followEvents(this.#transport, { path: `${pathOf(id)}/events`, signal }, after);
  }

  /**
   * Iterates over what the handler of an attempt has logged so far, oldest first. Lines are kept for some time, and up to
   * 64 KB an attempt. Needs the scope `jobs:debug`.
   */
  logs(id: string, attempt: number, { signal }: CallOptions = {}): AsyncGenerator<LogLine, void, undefined> {
    const path = logsPathOf(id, attempt);
    return itemsOf((cursor) => this.#transport.ask({ path, query: { cursor }, signal }));
  }

  /** As `logs`, and then follows the lines live until the attempt is over; waits for one that has not begun. */
  followLogs(id: string, attempt: number, { signal }: CallOptions = {}): AsyncGenerator<LogLine, void, undefined> {
    return followEvents(this.#transport, { path: logsPathOf(id, attempt), signal });
  }
}

function logsPathOf(id: string, attempt: number): string {
  return `${pathOf(id)}/attempts/${attempt}/logs`;
}

function pathOf(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

/** Of a part of two jobs. `sealed`: it cannot be compared, since contents were erased or cannot be decrypted. */
export type ComparedPart = 'same' | 'different' | 'sealed';

/** A job beside another one; nothing but the job where none of its type has succeeded. */
export interface JobComparison {
  readonly job: Job;
  readonly other?: Job;
  readonly sharedTags?: readonly string[];
  readonly payload?: ComparedPart;
  readonly result?: ComparedPart;
  /** By name, message and code. */
  readonly error?: ComparedPart;
}

/** The times of a job by which lists can be narrowed; `run` is when it was or is due. */
type JobTime = 'created' | 'updated' | 'started' | 'finished' | 'run';

/** What to list, and in which order; all conditions must hold. Times are RFC 3339. */
export interface JobListFilter extends Readonly<Partial<Record<`${JobTime}${'After' | 'Before'}`, string>>> {
  /** A type, or several of which a job has one. */
  readonly type?: string | readonly string[];
  readonly status?: JobStatus | readonly JobStatus[];
  /** A tag, or several, all of which a job has. */
  readonly tag?: string | readonly string[];
  /** The name and the code of the last error. */
  readonly errorName?: string;
  readonly errorCode?: string;
  /** The jobs of this group of failures; see `client.failures`. */
  readonly failure?: string;
  /** Conditions on values at paths that `SEARCH_PATHS` names for the type, such as `customer=ACME`; also with `>=`, `<=`, `^=`. */
  readonly search?: string | readonly string[];
  /** The worker of the running or last attempt. */
  readonly worker?: string;
  /** Jobs that repeat this one. */
  readonly rerunOf?: string;
  /**
   * Lists the jobs that there were at a time (RFC 3339), or after the event with this sequence, as they were. Combines with
   * `type`, `status` and `tag` alone.
   */
  readonly asOf?: string | number;
  /** By age, or by how long the last attempt of an ended job ran; default `newest`. */
  readonly sort?: 'newest' | 'oldest' | 'longest' | 'shortest' | 'lastFinished' | 'firstFinished';
}

/** A filter for changes of many jobs; all conditions must hold. Times are RFC 3339. */
export interface JobFilter {
  readonly type?: string;
  readonly status?: JobStatus;
  readonly tag?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

/** The jobs of a bulk change: those that a non-empty filter matches, or all. */
export type JobSelection = JobFilter | { readonly all: true };
