import * as Schema from 'effect/Schema';
import {
  begin,
  beginAgain,
  creationData,
  jobCarried,
  jobCarriedWithSteps,
  ofCreations,
  requeueData,
  withoutHistory,
} from './beginnings.ts';
import { Attempt, DurationMs, FailureReason, JobError, Percent, ResultInexact } from './job.ts';
import { always, BY_PRIORITY, define, ofNextAttempt, ofRetriedAttempt, ofRunningAttempt } from './eventDefinition.ts';
import { Lane, Priority, withPriority } from './settings/priority.ts';
import { EntryCount, MAX_STEPS, StepOutcome, STEPS_PROTOCOL } from './stepRecord.ts';
import { isDue, Timestamp } from '../messages/timestamp.ts';

/** Since this version jobs may have a priority: decision 0057. */
export const PRIORITY_PROTOCOL = 5;

/** The events of a job's life, each defined once. Everything that deals with events is derived from these, or exhaustive by type. */
export const jobEvents = {
  JobCreated: define({
    summary: 'The job exists. With `runAt` in the future it is `scheduled`, else `pending`.',
    token: 'created',
    callsForWork: true,
    byOperator: false,
    data: creationData,
    ...ofCreations,
    evolve: begin,
  }),

  /** Its own name, since two tokens of one name would not race each other, and its own token, which its lane's consumer selects. */
  JobCreatedWithPriority: define({
    summary: 'The job exists, as behind JobCreated, with another priority than normal.',
    token: BY_PRIORITY,
    protocol: PRIORITY_PROTOCOL,
    callsForWork: true,
    byOperator: false,
    data: { ...creationData, priority: Lane },
    ...ofCreations,
    evolve: begin,
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

  /** Steps that end while an earlier one of these is being appended share the next. */
  JobStepsRecorded: define({
    summary:
      'Steps of a running attempt have ended. Later attempts get their results, and run those with an error again.',
    token: 'steps-recorded',
    protocol: STEPS_PROTOCOL,
    callsForWork: false,
    byOperator: false,
    data: {
      attempt: Attempt,
      /** How many steps were recorded before, so that a repeated append is recognised. */
      from: EntryCount,
      steps: Schema.Array(StepOutcome).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_STEPS)),
    },
    secrets: { steps: 'steps' },
    hidden: [],
    legalIn: ['processing'],
    fits: (job, { attempt, from }) => ofRunningAttempt(job, { attempt }) && from === (job.stepsRecorded ?? 0),
    evolve: (job, { data: { from, steps } }) => ({ ...job, stepsRecorded: from + steps.length }),
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

  JobRequeued: define({
    summary: 'A failed or cancelled job is put back to work, with normal priority.',
    token: 'requeued',
    callsForWork: true,
    byOperator: true,
    data: requeueData,
    secrets: {},
    hidden: [],
    legalIn: ['failed', 'cancelled'],
    fits: always,
    evolve: (job, { data }) => beginAgain(job, data),
  }),

  JobRequeuedWithPriority: define({
    summary: 'A failed or cancelled job is put back to work, with another priority than normal.',
    token: BY_PRIORITY,
    protocol: PRIORITY_PROTOCOL,
    callsForWork: true,
    byOperator: true,
    data: { ...requeueData, priority: Lane },
    secrets: {},
    hidden: [],
    legalIn: ['failed', 'cancelled'],
    fits: always,
    evolve: (job, { data }) => beginAgain(job, data),
  }),

  JobPriorityChanged: define({
    summary: 'A job that waits has got another priority. Calls for work before it are made again, with it.',
    token: 'priority-changed',
    protocol: PRIORITY_PROTOCOL,
    callsForWork: false,
    byOperator: true,
    data: { priority: Priority, reason: Schema.optionalKey(Schema.String) },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'pending', 'retrying'],
    fits: always,
    evolve: (job, { data: { priority } }) => withPriority(job, priority),
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
    data: {
      payload: Schema.Unknown,
      /** Else the steps of the job count no more. */
      keepSteps: Schema.optionalKey(Schema.Boolean),
      reason: Schema.optionalKey(Schema.String),
    },
    secrets: { payload: 'value' },
    hidden: [],
    legalIn: ['failed', 'cancelled'],
    fits: always,
    evolve: ({ stepsRecorded, ...job }, { data: { payload, keepSteps } }) =>
      keepSteps === true
        ? { ...job, ...(stepsRecorded === undefined ? {} : { stepsRecorded }), payload }
        : { ...job, payload, generation: (job.generation ?? 0) + 1 },
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

  JobCarried: jobCarried,
  JobCarriedWithSteps: jobCarriedWithSteps,
};
export type JobEventName = keyof typeof jobEvents;
