import * as Schema from 'effect/Schema';
import { Backoff } from './backoff.ts';
import {
  Attempt,
  ByDefinition,
  CarriedJob,
  DurationMs,
  FailureReason,
  JobError,
  MaxAttempts,
  Percent,
  ResultInexact,
  Tags,
  TimeoutMs,
  type Job,
} from './job.ts';
import { always, define, ofNextAttempt, ofRetriedAttempt, ofRunningAttempt } from './eventDefinition.ts';
import { JobId } from './jobId.ts';
import { Unique } from './unique.ts';
import { isDue, Timestamp } from '../messages/timestamp.ts';

/** What only the history has: the delay, of which the job has the time that it was turned into, and an operator's reason. */
function withoutHistory<Data extends { readonly delayMs?: number; readonly reason?: string }>(all: Data) {
  const { delayMs: _delayMs, reason: _reason, ...data } = all;
  return data;
}

/** The events of a job's life, each defined once. Everything that deals with events is derived from these, or exhaustive by type. */
export const jobEvents = {
  JobCreated: define({
    summary: 'The job exists. With `runAt` in the future it is `scheduled`, else `pending`.',
    token: 'created',
    callsForWork: true,
    byOperator: false,
    data: {
      payload: Schema.Unknown,
      maxAttempts: MaxAttempts,
      backoff: Backoff,
      timeoutMs: TimeoutMs,
      tags: Tags,
      runAt: Schema.optionalKey(Timestamp),
      byDefinition: Schema.optionalKey(ByDefinition),
      /** The delay that was asked for, of which `runAt` was made with the server's clock. */
      delayMs: Schema.optionalKey(DurationMs),
      /** The job of which this one is a repetition, on behalf of an operator. */
      rerunOf: Schema.optionalKey(JobId),
      /** Why an operator has asked for it. */
      reason: Schema.optionalKey(Schema.String),
      idempotencyKey: Schema.optionalKey(Schema.String),
      fingerprint: Schema.optionalKey(Schema.String),
      /** No other job with this key is created while the rule holds; see uniqueKey.ts of the event log. */
      unique: Schema.optionalKey(Unique),
      uniqueKey: Schema.optionalKey(Schema.String),
    },
    secrets: { payload: 'value', fingerprint: 'text' },
    hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey'],
    legalIn: [],
    fits: always,
    evolve: (_none: undefined, { jobId, jobType, at, tenant, data }): Job => ({
      ...(data.delayMs === undefined && data.reason === undefined ? data : withoutHistory(data)),
      id: jobId,
      type: jobType,
      status: data.runAt === undefined || isDue(data.runAt, at) ? 'pending' : 'scheduled',
      version: 1,
      attempt: 0,
      createdAt: at,
      updatedAt: at,
      ...(tenant === undefined ? {} : { tenant }),
    }),
  }),

  JobStarted: define({
    summary: 'A worker has begun an attempt.',
    token: 'started',
    callsForWork: false,
    byOperator: false,
    data: {
      attempt: Attempt,
      worker: Schema.String,
      /** The release of the program that the worker is; workers of earlier releases leave it out. */
      workerVersion: Schema.optionalKey(Schema.String),
    },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'pending', 'processing', 'retrying'],
    fits: ofNextAttempt,
    evolve: ({ progress: _progress, startedBy: _by, workerVersion: _version, ...job }, { at, causationId, data }) => ({
      ...job,
      status: 'processing',
      attempt: data.attempt,
      worker: data.worker,
      startedAt: at,
      ...(data.workerVersion === undefined ? {} : { workerVersion: data.workerVersion }),
      ...(causationId === undefined ? {} : { startedBy: causationId }),
    }),
  }),

  JobProgressed: define({
    summary: 'A running attempt tells how far it is.',
    token: 'progressed',
    callsForWork: false,
    byOperator: false,
    data: {
      attempt: Attempt,
      percent: Schema.optionalKey(Percent),
      message: Schema.optionalKey(Schema.String),
    },
    secrets: { message: 'text' },
    hidden: [],
    legalIn: ['processing'],
    fits: ofRunningAttempt,
    evolve: (job, { data: { attempt: _attempt, ...progress } }) => ({ ...job, progress }),
  }),

  JobCompleted: define({
    summary: 'The attempt succeeded, and the job has ended.',
    token: 'completed',
    callsForWork: false,
    byOperator: false,
    data: {
      attempt: Attempt,
      result: Schema.optionalKey(Schema.Unknown),
      durationMs: DurationMs,
      resultInexact: Schema.optionalKey(ResultInexact),
    },
    secrets: { result: 'value' },
    hidden: [],
    legalIn: ['processing'],
    fits: ofRunningAttempt,
    evolve: ({ error: _error, ...job }, { at, data }) => ({
      ...job,
      status: 'completed',
      finishedAt: at,
      ...('result' in data ? { result: data.result } : {}),
      ...(data.resultInexact === true ? { resultInexact: true as const } : {}),
    }),
  }),

  JobRetryScheduled: define({
    summary: 'The attempt failed, and another one is planned.',
    token: 'retry-scheduled',
    callsForWork: false,
    byOperator: false,
    data: { attempt: Attempt, error: JobError, retryAt: Timestamp, durationMs: DurationMs },
    secrets: { error: 'error' },
    hidden: [],
    legalIn: ['processing'],
    fits: ofRetriedAttempt,
    evolve: (job, { data: { error, retryAt: runAt } }) => ({ ...job, status: 'retrying', error, runAt }),
  }),

  JobFailed: define({
    summary: 'The job has failed for good: a dead letter.',
    token: 'failed',
    callsForWork: false,
    byOperator: false,
    data: {
      attempt: Attempt,
      error: JobError,
      reason: FailureReason,
      /** Left out when the worker was lost, and by workers of earlier releases. */
      durationMs: Schema.optionalKey(DurationMs),
    },
    secrets: { error: 'error' },
    hidden: [],
    legalIn: ['processing'],
    fits: ofRunningAttempt,
    evolve: (job, { at, data: { error } }) => ({ ...job, status: 'failed', error, finishedAt: at }),
  }),

  JobCancelled: define({
    summary: 'The job was cancelled. A running attempt is aborted.',
    token: 'cancelled',
    callsForWork: false,
    byOperator: true,
    data: { reason: Schema.optionalKey(Schema.String) },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'pending', 'processing', 'retrying'],
    fits: always,
    evolve: (job, { at }) => ({ ...job, status: 'cancelled', finishedAt: at }),
  }),

  /** The job begins again: its attempts are counted from 1, and what became of the earlier ones is history. */
  JobRequeued: define({
    summary: 'A failed or cancelled job is put back to work.',
    token: 'requeued',
    callsForWork: true,
    byOperator: true,
    data: {
      reason: Schema.optionalKey(Schema.String),
      /** How many events that this release cannot read an operator has discarded: the job goes on as if they were not there. */
      discarded: Schema.optionalKey(Schema.Int),
    },
    secrets: {},
    hidden: [],
    legalIn: ['failed', 'cancelled'],
    fits: always,
    evolve: (job, { data: { discarded } }) => {
      const { error: _error, progress: _progress, finishedAt: _finishedAt, runAt: _runAt, ...kept } = job;
      const { worker: _worker, workerVersion: _of, startedAt: _startedAt, startedBy: _startedBy, ...rest } = kept;
      const { unreadableEvents: _unreadableEvents, ...unmarked } = rest;
      return { ...(discarded === undefined ? rest : unmarked), status: 'pending', attempt: 0 };
    },
  }),

  /** The status stays, and with it the rules for messages that have left the job to its timer: only the time is another. */
  JobDueNow: define({
    summary: 'The delayed job, or the next attempt of a failed one, is due. A timer calls for work.',
    token: 'due-now',
    protocol: 3,
    callsForWork: false,
    byOperator: true,
    data: { reason: Schema.optionalKey(Schema.String) },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'retrying'],
    fits: always,
    evolve: (job, { at }) => ({ ...job, runAt: at }),
  }),

  /** Earlier payloads stay in the history. */
  JobPayloadChanged: define({
    summary: 'The payload of a failed or cancelled job was changed, before it is put back to work.',
    token: 'payload-changed',
    protocol: 3,
    callsForWork: false,
    byOperator: true,
    data: { payload: Schema.Unknown, reason: Schema.optionalKey(Schema.String) },
    secrets: { payload: 'value' },
    hidden: [],
    legalIn: ['failed', 'cancelled'],
    fits: always,
    evolve: (job, { data: { payload } }) => ({ ...job, payload }),
  }),

  /** It may postpone a job that was pending, which a call for work then finds not due. Its settings stay: see `carriedBehindGap`. */
  JobRevised: define({
    summary:
      'Before the first attempt, a later request under the same unique key has given the job another payload or due time. What it leaves out stays.',
    token: 'revised',
    protocol: 4,
    callsForWork: false,
    byOperator: true,
    data: {
      payload: Schema.optionalKey(Schema.Unknown),
      runAt: Schema.optionalKey(Timestamp),
      delayMs: Schema.optionalKey(DurationMs),
      reason: Schema.optionalKey(Schema.String),
    },
    secrets: { payload: 'value' },
    hidden: [],
    legalIn: ['scheduled', 'pending'],
    fits: ({ attempt }) => attempt === 0,
    evolve: (job, { at, data }) => ({
      ...job,
      ...withoutHistory(data),
      status: data.runAt === undefined || isDue(data.runAt, at) ? job.status : 'scheduled',
    }),
  }),

  JobReleased: define({
    summary: 'A worker had to stop; the attempt does not count.',
    token: 'released',
    callsForWork: false,
    byOperator: false,
    data: { attempt: Attempt, reason: Schema.String },
    secrets: {},
    hidden: [],
    legalIn: ['processing'],
    fits: ofRunningAttempt,
    evolve: (job) => ({ ...job, status: 'pending', attempt: job.attempt - 1 }),
  }),

  /** The log is about to lose the events before it. Where it is the first one, the job begins with it: see evolve. */
  JobCarried: define({
    summary:
      'The state of a job whose earlier events the log is about to lose. Readers can begin here. Calls for work before it are obsolete: a timer replaces them.',
    token: 'carried',
    protocol: 2,
    callsForWork: false,
    byOperator: false,
    data: CarriedJob.fields,
    secrets: { payload: 'value', fingerprint: 'text', error: 'error', progress: 'progress' },
    hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey', 'startedBy'],
    legalIn: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
    fits: (job, { status, attempt }) => status === job.status && attempt === job.attempt,
    evolve: ({ startedBy: _startedBy, ...job }, { data: { startedBy } }) => ({
      ...job,
      ...(startedBy === undefined ? {} : { startedBy }),
    }),
  }),
};
export type JobEventName = keyof typeof jobEvents;
