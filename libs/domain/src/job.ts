import { Schema } from 'effect';
import { Backoff } from './backoff.ts';
import { JobError, MaxAttempts, Tags, TimeoutMs } from './jobFields.ts';
import { JobId } from './jobId.ts';
import { JobStatus } from './jobStatus.ts';
import { JobType } from './jobType.ts';
import { Tenant } from './tenant.ts';
import { Timestamp } from './timestamp.ts';

export const JobProgress = Schema.Struct({
  percent: Schema.optionalKey(Schema.Finite),
  message: Schema.optionalKey(Schema.String),
});
export type JobProgress = typeof JobProgress.Type;

/**
 * The state of a job: the fold of its events.
 *
 * `version` counts the events folded. `attempt` is the number of the running or last attempt, 0 before the first one.
 * `runAt` is when the job is or was last due, for delayed jobs and for retries. `startedBy` is what caused the running
 * attempt: the `causationId` of its JobStarted.
 */
export const Job = Schema.Struct({
  id: JobId,
  type: JobType,
  status: JobStatus,
  version: Schema.Int,
  payload: Schema.Unknown,
  maxAttempts: MaxAttempts,
  backoff: Backoff,
  timeoutMs: TimeoutMs,
  tags: Tags,
  attempt: Schema.Int,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  runAt: Schema.optionalKey(Timestamp),
  startedAt: Schema.optionalKey(Timestamp),
  finishedAt: Schema.optionalKey(Timestamp),
  worker: Schema.optionalKey(Schema.String),
  startedBy: Schema.optionalKey(Schema.String),
  result: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(JobError),
  progress: Schema.optionalKey(JobProgress),
  idempotencyKey: Schema.optionalKey(Schema.String),
  fingerprint: Schema.optionalKey(Schema.String),
  tenant: Schema.optionalKey(Tenant),
});
export type Job = typeof Job.Type;

/** A job that was never created has no state. */
export type JobState = Job | undefined;
