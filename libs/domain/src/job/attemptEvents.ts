import * as Schema from 'effect/Schema';
import { Attempt, DurationMs, FailureReason, JobError, Percent, ResultInexact, type Job } from './job.ts';
import { define, ofNextAttempt, ofRetriedAttempt, ofRunningAttempt, type OccurrenceOf } from './eventDefinition.ts';
import { hasRead, SignalName, unreadSignals, withoutRead } from './settings/signals.ts';
import { EntryCount, MAX_STEPS, StepOutcome, STEPS_PROTOCOL } from './stepRecord.ts';
import { Timestamp } from '../messages/timestamp.ts';

/** Since this version an attempt may wait without a worker: decision 0061. */
export const WAITS_PROTOCOL = 7;

const startData = {
  attempt: Attempt,
  worker: Schema.String,
  /** The release of the program that the worker is; workers of earlier releases leave it out. */
  workerVersion: Schema.optionalKey(Schema.String),
};
type Start = Schema.Struct<typeof startData>['Type'];

/** The job whose attempt a worker has begun, or goes on with. */
function running(
  { startedBy: _by, workerVersion: _version, awaits: _awaits, ...job }: Job,
  { at, causationId, data }: OccurrenceOf<Start>,
): Job {
  return {
    ...job,
    status: 'processing',
    attempt: data.attempt,
    worker: data.worker,
    startedAt: at,
    ...(data.workerVersion === undefined ? {} : { workerVersion: data.workerVersion }),
    ...(causationId === undefined ? {} : { startedBy: causationId }),
  };
}

export const jobStarted = define({
  summary: 'A worker has begun an attempt.',
  token: 'started',
  callsForWork: false,
  byOperator: false,
  data: startData,
  secrets: {},
  hidden: [],
  legalIn: ['scheduled', 'pending', 'processing', 'retrying'],
  fits: ofNextAttempt,
  evolve: ({ progress: _progress, ranMs: _ranMs, ...job }, event) => running(job, event),
});

export const jobProgressed = define({
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
});

/** Steps that end while an earlier one of these is being appended share the next. */
export const jobStepsRecorded = define({
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
  fits: (job, { attempt, from, steps }) =>
    ofRunningAttempt(job, { attempt }) && from === (job.stepsRecorded ?? 0) && hasRead(job, steps),
  evolve: (job, { data: { from, steps } }) => ({ ...withoutRead(job, steps), stepsRecorded: from + steps.length }),
});

/**
 * The wait itself is a step of the job: what it is called, and that it has ended, is recorded there. A signal that is awaited may have come
 * before it: then the job is due at once.
 */
export const jobSuspended = define({
  summary: 'The attempt waits, without a worker, until a timer or a signal calls for it.',
  token: 'suspended',
  protocol: WAITS_PROTOCOL,
  callsForWork: false,
  byOperator: false,
  data: {
    attempt: Attempt,
    /** When the job is due again. */
    until: Timestamp,
    /** How long the attempt has run so far, in all its runs: waits do not count. */
    ranMs: DurationMs,
    /** The names of the signals by which it is called earlier. */
    signals: Schema.optionalKey(Schema.Array(SignalName).check(Schema.isMinLength(1))),
  },
  secrets: {},
  hidden: [],
  legalIn: ['processing'],
  fits: ofRunningAttempt,
  evolve: (job, { at, data: { until, ranMs, signals: awaits } }) => {
    const runAt = awaits?.some((name) => unreadSignals(job, name) > 0) === true ? at : until;
    return { ...job, status: 'waiting', runAt, ranMs, ...(awaits === undefined ? {} : { awaits }) };
  },
});

export const jobResumed = define({
  summary: 'A worker goes on with an attempt that has waited.',
  token: 'resumed',
  protocol: WAITS_PROTOCOL,
  callsForWork: false,
  byOperator: false,
  data: startData,
  secrets: {},
  hidden: [],
  legalIn: ['waiting'],
  fits: ofRunningAttempt,
  evolve: running,
});

export const jobCompleted = define({
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
});

export const jobRetryScheduled = define({
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
});

export const jobFailed = define({
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
});

export const jobReleased = define({
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
});
