import * as Schema from 'effect/Schema';
import { Backoff } from './settings/backoff.ts';
import { JobId, JobType } from './jobId.ts';
import { Lane } from './settings/priority.ts';
import { SignalCounts, SignalName } from './settings/signals.ts';
import { Unique } from './settings/unique.ts';
import { Tenant } from '../messages/tenant.ts';
import { addMs, Timestamp } from '../messages/timestamp.ts';

/** Where a job stands; see docs/job-lifecycle.md. */
export const JobStatus = Schema.Literals([
  'scheduled',
  'pending',
  'processing',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'cancelled',
]);
export type JobStatus = typeof JobStatus.Type;

/** Whether the job has ended: only a requeue can move it on. */
export function isTerminal(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Whether no attempt has begun that counts, since its creation or its last requeue. */
export function awaitsFirstStart({ status, attempt }: Pick<Job, 'status' | 'attempt'>): boolean {
  return attempt === 0 && (status === 'scheduled' || status === 'pending');
}

/**
 * Whether another payload or due time may still be given to the job: no attempt of it has recorded a step, which another payload would
 * contradict. A job that was released or requeued may keep its steps.
 */
export function mayBeRevised(job: Pick<Job, 'status' | 'attempt' | 'stepsRecorded'>): boolean {
  return awaitsFirstStart(job) && job.stepsRecorded === undefined;
}

/** What a handler threw, as it is stored. */
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

export const JobProgress = Schema.Struct({
  percent: Schema.optionalKey(Schema.Finite),
  message: Schema.optionalKey(Schema.String),
});
export type JobProgress = typeof JobProgress.Type;

/** The settings that a definition of a job type may give to its jobs. */
export const definedSettings = ['maxAttempts', 'backoff', 'timeoutMs'] as const;

/** The settings that the creator of a job left out and the definition of its type gave, as `worker` has announced it. */
export const ByDefinition = Schema.Struct({
  settings: Schema.Array(Schema.Literals(definedSettings)),
  worker: Schema.String,
});
export type ByDefinition = typeof ByDefinition.Type;

/** Set where a result is read: it has a number that JavaScript does not hold exactly, and is shown with other digits. */
export const ResultInexact = Schema.Literal(true);

/**
 * The state of a job: the fold of its events.
 *
 * `version` counts the events folded. `attempt` is the number of the running or last attempt, 0 before the first one.
 * `runAt` is when the job is or was last due, for delayed jobs, retries and jobs that wait. `startedBy` is what caused the running
 * attempt to begin or go on at `startedAt`: the `causationId` of its JobStarted or JobResumed. `ranMs` is how many milliseconds the attempt had run before its last wait. `priority` is left out for normal. `workerVersion` is the release of the program that ran it. `rerunOf` is the job that this one repeats. `uniqueKey` is the hash of what it is `unique` by. `stepsRecorded` counts what was recorded
 * of its steps, and `generation` how often another payload has dropped them. `unread` counts the signals that no step has read, and `awaits` names those that a job that waits is called by. `unreadableEvents` counts events of a newer release, which were passed by:
 * the rest of the state may be wrong.
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
  byDefinition: Schema.optionalKey(ByDefinition),
  tags: Tags,
  attempt: Schema.Int,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  runAt: Schema.optionalKey(Timestamp),
  startedAt: Schema.optionalKey(Timestamp),
  finishedAt: Schema.optionalKey(Timestamp),
  worker: Schema.optionalKey(Schema.String),
  workerVersion: Schema.optionalKey(Schema.String),
  startedBy: Schema.optionalKey(Schema.String),
  ranMs: Schema.optionalKey(DurationMs),
  result: Schema.optionalKey(Schema.Unknown),
  resultInexact: Schema.optionalKey(ResultInexact),
  error: Schema.optionalKey(JobError),
  progress: Schema.optionalKey(JobProgress),
  idempotencyKey: Schema.optionalKey(Schema.String),
  fingerprint: Schema.optionalKey(Schema.String),
  tenant: Schema.optionalKey(Tenant),
  rerunOf: Schema.optionalKey(JobId),
  priority: Schema.optionalKey(Lane),
  unique: Schema.optionalKey(Unique),
  uniqueKey: Schema.optionalKey(Schema.String),
  stepsRecorded: Schema.optionalKey(Schema.Int),
  generation: Schema.optionalKey(Schema.Int),
  unread: Schema.optionalKey(SignalCounts),
  awaits: Schema.optionalKey(Schema.Array(SignalName)),
  unreadableEvents: Schema.optionalKey(Schema.Int),
});
export type Job = typeof Job.Type;

const { id: _id, type: _type, version: _version, tenant: _tenant, result: _result, ...state } = Job.fields;
const { unreadableEvents: _unreadable, resultInexact: _inexact, stepsRecorded: _steps, ...known } = state;
const { unread: _unread, awaits: _awaits, ...carried } = known;
/**
 * The state of an unfinished job without what the envelope of each event has: enough to go on from. One that waits is carried by an
 * event of its own, since to earlier releases its status would be malformed.
 */
export const CarriedJob = Schema.Struct({
  ...carried,
  status: Schema.Literals(['scheduled', 'pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled']),
});
export type CarriedJob = typeof CarriedJob.Type;

/** A job that was never created has no state. */
export type JobState = Job | undefined;

/** After its timeout an attempt has this long to record its outcome. */
const GRACE_MS = 60_000;

/** Milliseconds that the attempt may still run: what it ran before a wait counts, the wait does not. */
export function timeLeftMs({ timeoutMs, ranMs = 0 }: Pick<Job, 'timeoutMs' | 'ranMs'>): number {
  return Math.max(1, timeoutMs - ranMs);
}

/** When the running attempt is over for certain, whatever has become of its worker. */
export function attemptOverAt(job: Pick<Job, 'startedAt' | 'updatedAt' | 'timeoutMs' | 'ranMs'>): Timestamp {
  return addMs(job.startedAt ?? job.updatedAt, timeLeftMs(job) + GRACE_MS);
}
