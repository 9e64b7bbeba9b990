import type { CallOptions } from './clientOptions.ts';
import { followEvents } from './followEvents.ts';
import { hasEnded, type CreatedJob, type EndedJob, type Job } from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import type { NewJob } from './job.ts';
import { itemsOf, type Page } from './pages.ts';
import { pause } from './pause.ts';
import { retryDelay } from './pause.ts';
import type { Transport } from './transport.ts';
import type { JobStatus } from './job.ts';

export interface CreateOptions extends CallOptions {
  /** The same key and job again lead to the same job, also after a restart of the caller; a new key if not given. */
  readonly idempotencyKey?: string;
}

export interface GetOptions extends CallOptions {
  /** Waits up to 3.5 s for this version, to read what was just written. */
  readonly minVersion?: number;
  /** The job as it was: at a time (RFC 3339), or after the event with this sequence. */
  readonly asOf?: string | number;
}

export interface PageOptions {
  /** Jobs a page: 1 to 200, 50 if not given. */
  readonly limit?: number;
  readonly cursor?: string;
  /** Also count the jobs of all pages. */
  readonly count?: boolean;
}

export interface JobPage extends Page<Job> {
  readonly total?: number;
  /** False when there are more than `total`. */
  readonly totalExact?: boolean;
}

export interface ChangeOptions extends CallOptions {
  /** Kept in the event. */
  readonly reason?: string;
}

export interface BulkOptions extends ChangeOptions {
  /** At most so many jobs: 1 to 100,000, 1,000 if not given. */
  readonly limit?: number;
  readonly dryRun?: boolean;
}

export interface HistoryOptions extends CallOptions {
  /** Leaves out events up to this sequence. */
  readonly after?: number;
}

/** A dry run answers no more. */
type Counted = Partial<BulkChange> & Pick<BulkChange, 'matched'>;

/** How long one question waits for the end of a job: proxies end what is silent for longer than 30 s. */
const WAIT_S = 25;

/** Everything about jobs. Identifiers that are not there are a NotFoundError. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates exactly one job, however often the request has to be repeated. */
  create(job: NewJob, { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {}): Promise<CreatedJob> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({ method: 'POST', path: '/api/jobs', body: job, headers, signal });
  }

  /** Creates all of up to 1,000 jobs or none; answers them in the same order. */
  async createBatch(
    jobs: readonly NewJob[],
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOptions = {},
  ): Promise<readonly Pick<Job, 'id' | 'status'>[]> {
    const headers = { 'idempotency-key': idempotencyKey };
    const request = { method: 'POST', path: '/api/jobs/batch', body: { jobs }, headers, signal } as const;
    const created = await this.#transport.ask<{ jobs: readonly Pick<Job, 'id' | 'status'>[] }>(request);
    return created.jobs;
  }

  get(id: string, { signal, ...query }: GetOptions = {}): Promise<Job> {
    return this.#transport.ask({ path: pathOf(id), query, signal });
  }

  /** Every job that a filter matches, newest first, page after page. */
  list(filter: JobFilter = {}, options: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    return itemsOf((cursor) => this.listPage({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, options));
  }

  listPage(query: JobFilter & PageOptions = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    return this.#transport.ask({ path: '/api/jobs', query: { ...query }, signal });
  }

  /** The job when it has completed, failed or been cancelled; waits as long as that takes, or until the signal. */
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

  /** Ends a job that has not ended; ConflictError if it has. Cancelling it twice is fine. */
  cancel(id: string, { signal, ...body }: ChangeOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/cancel`, body, signal });
  }

  /** Puts a failed or cancelled job back to work; ConflictError for any other. */
  retry(id: string, { signal, ...body }: ChangeOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/retry`, body, signal, repeatable: false });
  }

  /** Makes what a job is about unreadable for ever; its history stays. ConflictError if it was stored in clear. */
  erasePayload(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.ask({ method: 'DELETE', path: `${pathOf(id)}/payload`, signal });
  }

  /** Cancels the jobs of a selection that have not ended, or those of its status. */
  cancelMany(selection: JobSelection, options: BulkOptions = {}): Promise<BulkChange> {
    return this.#changeMany('/api/jobs/cancel', selection, options);
  }

  /** Puts the failed jobs of a selection back to work, or those of its status. */
  retryMany(selection: JobSelection, options: BulkOptions = {}): Promise<BulkChange> {
    return this.#changeMany('/api/jobs/retry', selection, options);
  }

  /** What has happened to a job, oldest first. */
  async history(id: string, { signal }: CallOptions = {}): Promise<readonly JobEvent[]> {
    const request = { path: `${pathOf(id)}/events`, signal };
    return (await this.#transport.ask<{ items: readonly JobEvent[] }>(request)).items;
  }

  /** What has happened to a job, and then what happens, until it has ended. */
  events(id: string, { signal, after }: HistoryOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return followEvents(this.#transport, { path: `${pathOf(id)}/events`, signal }, after);
  }

  async #changeMany(path: string, selection: JobSelection, options: BulkOptions): Promise<BulkChange> {
    const { signal, ...settings } = options;
    const body = { ...selection, ...settings };
    const request = { method: 'POST', path, body, signal, repeatable: false, patienceMs: Infinity } as const;
    return { changed: 0, skipped: 0, failed: 0, ...(await this.#transport.ask<Counted>(request)) };
  }
}

function pathOf(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}

/** A key that nobody else has; not by `crypto.randomUUID`, which browsers withhold from pages without TLS. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What became of the jobs of a bulk change; a dry run only counts those that match. */
export interface BulkChange {
  readonly matched: number;
  readonly changed: number;
  /** The state of these forbade it. */
  readonly skipped: number;
  readonly failed: number;
  /** Why it ended before all were worked on: asking again goes on from there. */
  readonly stopped?: string;
}

/** Which jobs: those of which all of this is true. Times are RFC 3339. */
export interface JobFilter {
  readonly type?: string;
  readonly status?: JobStatus;
  readonly tag?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

/** Which jobs a bulk change means: those of a filter, which must not be empty, or all. */
export type JobSelection = JobFilter | { readonly all: true };
