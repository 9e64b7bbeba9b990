import * as Schema from 'effect/Schema';
import { Backoff } from './settings/backoff.ts';
import { commandContext } from '../messages/commandContext.ts';
import { Attempt, ByDefinition, DurationMs, JobError, MaxAttempts, Percent, Tags, TimeoutMs } from './job.ts';
import { JobId, JobType } from './jobId.ts';
import { Priority } from './settings/priority.ts';
import { Signal, SignalName } from './settings/signals.ts';
import { RecordedStep, StepOutcome } from './stepRecord.ts';
import { Unique } from './settings/unique.ts';
import { Tenant } from '../messages/tenant.ts';
import { Timestamp } from '../messages/timestamp.ts';

const commandOf = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ ...commandContext, kind: Schema.Literal(name), ...fields });

/** A number from 0 to 1 drawn by the caller; decides the jitter of a retry. */
const RandomShare = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));

/**
 * Everything that one can ask of a job. `TakeOverAttempt` says that the worker of `attempt` is gone; `CarryJob` writes the
 * state of a job down again with its `steps` and unread `signals`, without what started its running attempt unless it `keepsCause`; `ReviseJob` is a later request under
 * its unique key; `SuspendAttempt` leaves an attempt to its timer, or the `signals` that it awaits, having run `ranMs` in all;
 * `FailAttempt.cause` says whether a further attempt makes sense, and `retryAfterMs` is the shortest wait before it, up to thirty days.
 */
export const JobCommand = Schema.Union([
  commandOf('CreateJob', {
    jobId: JobId,
    jobType: JobType,
    payload: Schema.Unknown,
    maxAttempts: MaxAttempts,
    backoff: Backoff,
    timeoutMs: TimeoutMs,
    byDefinition: Schema.optionalKey(ByDefinition),
    tags: Tags,
    runAt: Schema.optionalKey(Timestamp),
    delayMs: Schema.optionalKey(DurationMs),
    idempotencyKey: Schema.optionalKey(Schema.String),
    fingerprint: Schema.optionalKey(Schema.String),
    unique: Schema.optionalKey(Unique),
    uniqueKey: Schema.optionalKey(Schema.String),
    priority: Schema.optionalKey(Priority),
    rerunOf: Schema.optionalKey(JobId),
    reason: Schema.optionalKey(Schema.String),
    tenant: Schema.optionalKey(Tenant),
  }),
  commandOf('StartAttempt', { worker: Schema.String, workerVersion: Schema.optionalKey(Schema.String) }),
  commandOf('TakeOverAttempt', {
    attempt: Attempt,
    worker: Schema.String,
    workerVersion: Schema.optionalKey(Schema.String),
  }),
  commandOf('ReportProgress', {
    attempt: Attempt,
    percent: Schema.optionalKey(Percent),
    message: Schema.optionalKey(Schema.String),
  }),
  commandOf('SuspendAttempt', {
    attempt: Attempt,
    until: Timestamp,
    ranMs: DurationMs,
    signals: Schema.optionalKey(Schema.Array(SignalName)),
  }),
  commandOf('ResumeAttempt', { worker: Schema.String, workerVersion: Schema.optionalKey(Schema.String) }),
  commandOf('RecordSteps', { attempt: Attempt, steps: Schema.Array(StepOutcome) }),
  commandOf('CompleteAttempt', {
    attempt: Attempt,
    result: Schema.optionalKey(Schema.Unknown),
    durationMs: DurationMs,
  }),
  commandOf('FailAttempt', {
    attempt: Attempt,
    error: JobError,
    cause: Schema.Literals(['error', 'unrecoverable', 'invalid-payload']),
    random: RandomShare,
    retryAfterMs: Schema.optionalKey(Schema.Finite),
    durationMs: DurationMs,
  }),
  commandOf('ReleaseAttempt', { attempt: Attempt, reason: Schema.String }),
  commandOf('CancelJob', { reason: Schema.optionalKey(Schema.String) }),
  commandOf('RequeueJob', {
    reason: Schema.optionalKey(Schema.String),
    discardUnreadable: Schema.optionalKey(Schema.Boolean),
  }),
  commandOf('RunJobNow', { reason: Schema.optionalKey(Schema.String) }),
  commandOf('ChangePayload', {
    payload: Schema.Unknown,
    keepSteps: Schema.optionalKey(Schema.Boolean),
    reason: Schema.optionalKey(Schema.String),
  }),
  commandOf('ChangePriority', { priority: Priority, reason: Schema.optionalKey(Schema.String) }),
  commandOf('ReviseJob', {
    payload: Schema.Unknown,
    runAt: Schema.optionalKey(Timestamp),
    delayMs: Schema.optionalKey(DurationMs),
  }),
  commandOf('SignalJob', { name: SignalName, payload: Schema.Unknown }),
  commandOf('CarryJob', {
    keepsCause: Schema.Boolean,
    steps: Schema.optionalKey(Schema.Array(RecordedStep)),
    signals: Schema.optionalKey(Schema.Array(Signal)),
  }),
]);
export type JobCommand = typeof JobCommand.Type;
export type JobCommandName = JobCommand['kind'];
export type JobCommandOf<Name extends JobCommandName> = Extract<JobCommand, { readonly kind: Name }>;
