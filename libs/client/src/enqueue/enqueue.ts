import {
  checkPayload,
  type JobDefaults,
  type JobDefinition,
  type PayloadInput,
  type ResultOutput,
} from './defineJob.ts';
import { JobCancelledError, JobFailedError } from '../transport/errors.ts';
import type { CreatedJob, NewUnique, Priority } from '../jobs/job.ts';
import type { CreateOptions } from '../jobs/jobOptions.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { CallOptions } from '../transport/transport.ts';

export interface EnqueueOptions extends CreateOptions, JobDefaults {
  /** When the job is due (RFC 3339); not together with `delayMs`. */
  readonly runAt?: string;
  /** Milliseconds until the job is due. */
  readonly delayMs?: number;
  /** Whether it starts before others of its type while more wait than can run; default `normal`. */
  readonly priority?: Priority;
  /** Which other jobs of the type keep this one from being created: then the one there is is returned, with `existing`. */
  readonly unique?: NewUnique;
}

/** A job that was enqueued by its definition. */
export interface EnqueuedJob<Result = unknown> extends CreatedJob {
  /**
   * Waits until the job has ended, for as long as that takes, and returns its result.
   *
   * @param options.signal ends the wait, not the job; the call then rejects with the signal's reason.
   * @throws JobFailedError when the job failed for good.
   * @throws JobCancelledError when it was cancelled.
   * @throws UnavailableError when the API does not answer for `retryForMs`.
   */
  result(options?: CallOptions): Promise<Result>;
}

/** See `JobstreamClient.enqueue`. */
export async function enqueue<Definition extends JobDefinition>(
  jobs: Jobs,
  definition: Definition,
  payload: PayloadInput<Definition>,
  { idempotencyKey, signal, ...options }: EnqueueOptions = {},
): Promise<EnqueuedJob<ResultOutput<Definition>>> {
  await checkPayload(definition, payload);
  const job = { ...definition.defaults, ...options, type: definition.type, payload };
  const created = await jobs.create(job, {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(signal === undefined ? {} : { signal }),
  });
  const result = async (waiting?: CallOptions) =>
    (await resultOf(jobs, created.id, waiting)) as ResultOutput<Definition>;
  return { ...created, result };
}

async function resultOf(jobs: Jobs, id: string, options?: CallOptions): Promise<unknown> {
  const job = await jobs.waitForCompletion(id, options);
  if (job.status === 'failed') throw new JobFailedError(job);
  if (job.status === 'cancelled') throw new JobCancelledError(job);
  return job.result;
}
