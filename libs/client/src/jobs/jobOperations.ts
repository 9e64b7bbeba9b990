import type { Actor } from '../operate/actor.ts';
import type { JobListFilter } from './jobs.ts';
import type { JobStatus } from './job.ts';
import { newIdempotencyKey } from '../enqueue/idempotencyKey.ts';
import { itemsOf } from './pages.ts';
import { pause } from '../transport/pause.ts';
import type { CallOptions, Transport } from '../transport/transport.ts';

export type OperationKind = 'cancel' | 'retry' | 'replay';
export type OperationStatus = 'running' | 'paused' | 'completed' | 'cancelled';
export type JobOutcome = 'done' | 'skipped' | 'failed';

/** Which jobs an operation is on: those that match now, or all. Default statuses: those that it can change. */
export interface OperationFilter extends Omit<JobListFilter, 'sort' | 'asOf'> {
  /** Jobs with one of these ids, at most 1,000. */
  readonly ids?: readonly string[];
  readonly all?: boolean;
}

/**
 * A change of one field of each payload, which replaces nothing that a job has. Paths are JSON pointers (RFC 6901) to
 * fields of objects, such as `/customer/id`.
 */
export type PayloadEdit =
  /** A job that has both fails, and one that has neither stays as it is. */
  | { readonly op: 'rename'; readonly path: string; readonly to: string }
  /** A field that is null is there. */
  | { readonly op: 'setIfMissing'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What to do to many jobs. */
export interface NewOperation {
  readonly kind: OperationKind;
  readonly filter: OperationFilter;
  /** Of a replay or a retry: a JSON merge patch (RFC 7396) for the payloads. */
  readonly patch?: unknown;
  /** Of a replay or a retry: changes of single fields, made one after the other, before the patch. At most 20. */
  readonly edits?: readonly PayloadEdit[];
  /** Whether it begins only when it is resumed: `replaced` tells before what its patch would replace. Default false. */
  readonly paused?: boolean;
  /** Jobs a second; without it, as fast as the log accepts them. */
  readonly rate?: number;
  /** Only the newest jobs. */
  readonly limit?: number;
  readonly reason?: string;
}

/** The jobs that an operation would be on, at most 100,000. */
export interface OperationCount {
  readonly matched: number;
  /** The same by type and status, the largest first. */
  readonly groups: readonly { readonly type: string; readonly status: JobStatus; readonly count: number }[];
  /** The payload of the job that was asked for, if so many match. */
  readonly sample?: PayloadSample;
}

/** What an operation would make of the payload of one job. */
export interface PayloadSample {
  readonly id: string;
  readonly type: string;
  readonly before: unknown;
  /** Missing where the change cannot be made. */
  readonly after?: unknown;
  /** Why the job would fail. */
  readonly refusal?: string;
}

/** What the jobs of an operation have in the fields that its patch sets. */
export interface ReplacedValues {
  readonly jobs: number;
  /** Jobs that are gone, and will be skipped. */
  readonly gone: number;
  /** Jobs whose payloads are encrypted: they cannot be compared. */
  readonly sealed: number;
  readonly fields: readonly ReplacedField[];
}

/** What jobs have in one field that a patch sets to one value. */
export interface ReplacedField {
  /** A JSON pointer (RFC 6901); empty for the whole payload. */
  readonly path: string;
  /** Jobs that have another value than the patch sets. */
  readonly jobs: number;
  /** How many different values these are. */
  readonly values: number;
  /** Jobs without the field, which will have it. */
  readonly missing: number;
  /** The most frequent of the values as JSON, cut after 200 characters; at most five. */
  readonly examples: readonly { readonly json: string; readonly jobs: number }[];
}

/** An operation on many jobs, and how far it is. */
export interface JobOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  /** As it was given; of a `search` the paths alone. */
  readonly filter: OperationFilter;
  /** What its patch changes in payloads, as JSON pointers (RFC 6901), at most 100; without the values. */
  readonly patched?: readonly string[];
  readonly rate?: number;
  readonly reason?: string;
  /** Who asked for it. */
  readonly actor: Actor;
  readonly tenant?: string;
  /** The number of jobs, which was fixed when the operation was accepted. */
  readonly total: number;
  readonly done: number;
  /** Jobs that have gone on since, or are gone. */
  readonly skipped: number;
  /** Jobs for which it was refused, or failed. */
  readonly failed: number;
  /** Of a single operation: why jobs were skipped or failed, the most frequent first, at most 20. */
  readonly reasons?: readonly OutcomeReason[];
  /** Why it does not go on although it is running. */
  readonly hindrance?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt?: string;
}

/** Why so many jobs of an operation were not changed. */
export interface OutcomeReason {
  readonly outcome: Exclude<JobOutcome, 'done'>;
  readonly reason: string;
  readonly count: number;
}

/** One job of an operation. */
export interface OperationJob {
  readonly id: string;
  /** Missing until the job is processed. */
  readonly outcome?: JobOutcome;
  /** Why it was skipped or failed. */
  readonly reason?: string;
  /** The job that repeats it. */
  readonly newJobId?: string;
}

export interface CreateOperationOptions extends CallOptions {
  /** A repeated request with the same key returns the same operation; default: a new key. */
  readonly idempotencyKey?: string;
}

export interface FollowOperationOptions extends CallOptions {
  /** How often to ask, in milliseconds. Default 1,000. */
  readonly everyMs?: number;
}

/** Operations on many jobs, which go on in the background. Each throws NotFoundError for an unknown id. */
export class JobOperations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Cancels, retries or replays the jobs that match now. The request is repeated while the API is unavailable, and makes
   * one operation.
   *
   * @throws InvalidRequestError also for a filter that matches too many jobs.
   * @example
   * const { id } = await client.operations.create({ kind: 'retry', filter: { type: 'email' }, rate: 100 });
   * for await (const { done, total } of client.operations.follow(id)) console.log(`${done} of ${total}`);
   */
  create(
    operation: NewOperation,
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOperationOptions = {},
  ): Promise<JobOperation> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({
      method: 'POST',
      path: '/api/operations',
      body: operation,
      headers,
      signal,
      ofTable: true,
    });
  }

  /** As `create`, of the kind `replay`: creates a job for each that matches and has ended. */
  replay(
    operation: Omit<NewOperation, 'kind'>,
    { idempotencyKey = newIdempotencyKey(), signal }: CreateOperationOptions = {},
  ): Promise<JobOperation> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.ask({
      method: 'POST',
      path: '/api/jobs/replay',
      body: operation,
      headers,
      signal,
      ofTable: true,
    });
  }

  /** Counts the jobs of an operation without beginning it, up to 100,000. */
  async count(operation: NewOperation, options: CallOptions = {}): Promise<number> {
    return (await this.preview(operation, options)).matched;
  }

  /** As `count`, also by type and status; with `sample`, what becomes of the payload of a job: 0 is the newest, 19 the last that is shown. */
  preview(
    operation: NewOperation,
    { signal, sample }: CallOptions & { readonly sample?: number } = {},
  ): Promise<OperationCount> {
    const body = { ...operation, dryRun: true, ...(sample === undefined ? {} : { sample }) };
    return this.#transport.ask({ method: 'POST', path: '/api/operations', body, signal, ofTable: true });
  }

  get(id: string, { signal }: CallOptions = {}): Promise<JobOperation> {
    return this.#transport.ask({ path: pathOf(id), signal });
  }

  /**
   * Compares what the jobs of an operation have in each field that its patch sets to one value. Many different values are
   * seldom meant to become one.
   *
   * @throws ConflictError when the operation has ended.
   * @example
   * const { id } = await client.operations.create({ kind: 'retry', filter, patch: { to: 'new@example.com' }, paused: true });
   * const { fields, sealed } = await client.operations.replaced(id);
   * if (sealed === 0 && fields.every(({ values }) => values <= 1)) await client.operations.resume(id);
   */
  replaced(id: string, { signal }: CallOptions = {}): Promise<ReplacedValues> {
    return this.#transport.ask({ path: `${pathOf(id)}/replaced`, signal });
  }

  /** Iterates over all operations, newest first. */
  list({ signal }: CallOptions = {}): AsyncGenerator<JobOperation, void, undefined> {
    return itemsOf((cursor) => this.#transport.ask({ path: '/api/operations', query: { cursor }, signal }));
  }

  /** Iterates over the jobs of an operation in the order in which they are processed. */
  jobs(
    id: string,
    { outcome, signal }: CallOptions & { readonly outcome?: JobOutcome } = {},
  ): AsyncGenerator<OperationJob, void, undefined> {
    const path = `${pathOf(id)}/jobs`;
    return itemsOf((cursor) => this.#transport.ask({ path, query: { outcome, cursor, limit: 200 }, signal }));
  }

  /** Asks for an operation again and again until it has ended; a paused one is waited for. */
  async *follow(
    id: string,
    { everyMs = 1_000, signal }: FollowOperationOptions = {},
  ): AsyncGenerator<JobOperation, void, undefined> {
    for (;;) {
      const operation = await this.get(id, { signal });
      yield operation;
      if (operation.status === 'completed' || operation.status === 'cancelled') return;
      await pause(everyMs, signal);
    }
  }

  /** Pauses an operation within a second. @throws ConflictError when it has ended. */
  pause(id: string, options: CallOptions = {}): Promise<JobOperation> {
    return this.#steer(id, 'pause', options);
  }

  /** @throws ConflictError when it has ended. */
  resume(id: string, options: CallOptions = {}): Promise<JobOperation> {
    return this.#steer(id, 'resume', options);
  }

  /** Ends an operation; what it has done remains. @throws ConflictError when it is completed. */
  cancel(id: string, options: CallOptions = {}): Promise<JobOperation> {
    return this.#steer(id, 'cancel', options);
  }

  #steer(id: string, step: string, { signal }: CallOptions): Promise<JobOperation> {
    return this.#transport.ask({ method: 'POST', path: `${pathOf(id)}/${step}`, signal });
  }
}

function pathOf(id: string): string {
  return `/api/operations/${encodeURIComponent(id)}`;
}
