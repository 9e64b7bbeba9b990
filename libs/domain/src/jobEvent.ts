import { Schema } from 'effect';
import { Backoff } from './backoff.ts';
import { JobId } from './jobId.ts';
import { JobType } from './jobType.ts';
import { Tenant } from './tenant.ts';
import { Timestamp } from './timestamp.ts';

/** The schema version of the event bodies written and understood here. */
export const EVENT_SCHEMA_VERSION = 1;

export const Actor = Schema.Struct({
  kind: Schema.Literals(['api', 'worker', 'scheduler', 'user']),
  id: Schema.String,
});
export type Actor = typeof Actor.Type;

export const JobError = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  code: Schema.optionalKey(Schema.String),
  stack: Schema.optionalKey(Schema.String),
});
export type JobError = typeof JobError.Type;

export const FailureReason = Schema.Literals(['attempts-exhausted', 'unrecoverable', 'invalid-payload', 'worker-lost']);
export type FailureReason = typeof FailureReason.Type;

export const Attempt = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1));
export const MaxAttempts = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 }));
/** Milliseconds that one attempt may run, from 1 to seven days. */
export const TimeoutMs = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 * 86_400_000 }));
export const Tags = Schema.Array(Schema.String.check(Schema.isBetweenLength(1, 128))).check(Schema.isMaxLength(32));
export const DurationMs = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));
export const Percent = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }));

export const EventId = Schema.String.check(Schema.isBetweenLength(1, 128));

const envelope = {
  v: Schema.Literal(EVENT_SCHEMA_VERSION),
  id: EventId,
  jobId: JobId,
  jobType: JobType,
  version: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  at: Timestamp,
  actor: Actor,
  causationId: Schema.optionalKey(Schema.String),
  correlationId: Schema.optionalKey(Schema.String),
  /** Stands in every event of the job, so that each can be shown or withheld by itself. */
  tenant: Schema.optionalKey(Tenant),
};

const eventOf = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ ...envelope, event: Schema.Literal(name), data: Schema.Struct(fields) });

export const JobCreated = eventOf('JobCreated', {
  payload: Schema.Unknown,
  maxAttempts: MaxAttempts,
  backoff: Backoff,
  timeoutMs: TimeoutMs,
  tags: Tags,
  runAt: Schema.optionalKey(Timestamp),
  idempotencyKey: Schema.optionalKey(Schema.String),
  fingerprint: Schema.optionalKey(Schema.String),
});
export const JobStarted = eventOf('JobStarted', { attempt: Attempt, worker: Schema.String });
export const JobProgressed = eventOf('JobProgressed', {
  attempt: Attempt,
  percent: Schema.optionalKey(Percent),
  message: Schema.optionalKey(Schema.String),
});
export const JobCompleted = eventOf('JobCompleted', {
  attempt: Attempt,
  result: Schema.optionalKey(Schema.Unknown),
  durationMs: DurationMs,
});
export const JobRetryScheduled = eventOf('JobRetryScheduled', {
  attempt: Attempt,
  error: JobError,
  retryAt: Timestamp,
  durationMs: DurationMs,
});
export const JobFailed = eventOf('JobFailed', { attempt: Attempt, error: JobError, reason: FailureReason });
export const JobCancelled = eventOf('JobCancelled', { reason: Schema.optionalKey(Schema.String) });
export const JobRequeued = eventOf('JobRequeued', { reason: Schema.optionalKey(Schema.String) });
export const JobReleased = eventOf('JobReleased', { attempt: Attempt, reason: Schema.String });

/** Everything that can happen to a job: one event is one message in the log, and its JSON body has this shape. */
export const JobEvent = Schema.Union([
  JobCreated,
  JobStarted,
  JobProgressed,
  JobCompleted,
  JobRetryScheduled,
  JobFailed,
  JobCancelled,
  JobRequeued,
  JobReleased,
]);
export type JobEvent = typeof JobEvent.Type;
export type JobEventName = JobEvent['event'];
export type JobEventOf<Name extends JobEventName> = Extract<JobEvent, { readonly event: Name }>;
