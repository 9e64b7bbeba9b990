import * as Schema from 'effect/Schema';
import { Backoff } from './settings/backoff.ts';
import { always, define, type OccurrenceOf } from './eventDefinition.ts';
import { ByDefinition, CarriedJob, DurationMs, MaxAttempts, Tags, TimeoutMs, type Job } from './job.ts';
import { JobId } from './jobId.ts';
import { type Lane, withPriority } from './settings/priority.ts';
import { Unique } from './settings/unique.ts';
import { EntryCount, RecordedStep, STEPS_PROTOCOL } from './stepRecord.ts';
import { areUnreadOf, Signal, SignalName } from './settings/signals.ts';
import { WAITS_PROTOCOL } from './attemptEvents.ts';
import { isDue, Timestamp } from '../messages/timestamp.ts';

export const creationData = {
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
};
type Creation = Schema.Struct<typeof creationData>['Type'] & { readonly priority?: Lane };

/** What holds for every event that creates a job. */
export const ofCreations = {
  secrets: { payload: 'value', fingerprint: 'text' },
  hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey'],
  legalIn: [],
  fits: always,
} as const;

/** The job with which a history begins. */
export function begin(_none: undefined, { jobId, jobType, at, tenant, data }: OccurrenceOf<Creation>): Job {
  return {
    ...(data.delayMs === undefined && data.reason === undefined ? data : withoutHistory(data)),
    id: jobId,
    type: jobType,
    status: data.runAt === undefined || isDue(data.runAt, at) ? 'pending' : 'scheduled',
    version: 1,
    attempt: 0,
    createdAt: at,
    updatedAt: at,
    ...(tenant === undefined ? {} : { tenant }),
  };
}

/** The job begins again: its attempts are counted from 1, and what became of the earlier ones is history. */
export function beginAgain(
  job: Job,
  { discarded, priority }: { readonly discarded?: number; readonly priority?: Lane },
): Job {
  const { error: _error, progress: _progress, finishedAt: _finishedAt, runAt: _runAt, ...kept } = job;
  const {
    worker: _worker,
    workerVersion: _of,
    startedAt: _startedAt,
    startedBy: _startedBy,
    ranMs: _ran,
    awaits: _awaits,
    ...rest
  } = kept;
  const { unreadableEvents: _unreadableEvents, ...unmarked } = rest;
  return { ...withPriority(discarded === undefined ? rest : unmarked, priority), status: 'pending', attempt: 0 };
}

export const requeueData = {
  reason: Schema.optionalKey(Schema.String),
  /** How many events that this release cannot read an operator has discarded: the job goes on as if they were not there. */
  discarded: Schema.optionalKey(Schema.Int),
};

/** What only the history has: the delay, of which the job has the time that it was turned into, and an operator's reason. */
export function withoutHistory<Data extends { readonly delayMs?: number; readonly reason?: string }>(all: Data) {
  const { delayMs: _delayMs, reason: _reason, ...data } = all;
  return data;
}

/** What holds for every event that writes its job down again. */
const ofCarries = {
  callsForWork: false,
  byOperator: false,
  hidden: ['idempotencyKey', 'fingerprint', 'uniqueKey', 'startedBy', 'generation'],
  legalIn: ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'],
} as const;
/** Of a job with signals that no step has read. */
const carriedSignals = { signals: Schema.optionalKey(Schema.Array(Signal)) };
const secretsOfCarries = { payload: 'value', fingerprint: 'text', error: 'error', progress: 'progress' } as const;

/** The job goes on as it is; the call by which a running attempt began is left out where a timer replaces it. */
function carryOn(
  { startedBy: _startedBy, ...job }: Job,
  { data: { startedBy } }: { readonly data: { readonly startedBy?: string } },
): Job {
  return { ...job, ...(startedBy === undefined ? {} : { startedBy }) };
}

/** The log is about to lose the events before it. Where it is the first one, the job begins with it: see evolve. */
export const jobCarried = define({
  ...ofCarries,
  summary:
    'The state of a job whose earlier events the log is about to lose. Readers can begin here. Calls for work before it are obsolete: a timer replaces them.',
  token: 'carried',
  protocol: 2,
  data: CarriedJob.fields,
  secrets: secretsOfCarries,
  fits: (job, { status, attempt }) => status === job.status && attempt === job.attempt,
  evolve: carryOn,
});

/** Its own name, since the state that an older fold made of it would lack the steps. */
export const jobCarriedWithSteps = define({
  ...ofCarries,
  summary: 'As JobCarried, of a job with steps or unread signals: these are in it.',
  token: 'carried-with-steps',
  protocol: STEPS_PROTOCOL,
  data: { ...CarriedJob.fields, stepsRecorded: EntryCount, steps: Schema.Array(RecordedStep), ...carriedSignals },
  secrets: { ...secretsOfCarries, steps: 'steps', signals: 'signals' },
  fits: (job, data) => data.status === job.status && fitsEntries(job, data),
  evolve: carryOn,
});

/** Its own name and status, which an older fold would take for malformed: of a job that begins with it, nothing would be left. */
export const jobCarriedWaiting = define({
  ...ofCarries,
  summary: 'As JobCarriedWithSteps, of a job that waits.',
  token: 'carried-waiting',
  protocol: WAITS_PROTOCOL,
  data: {
    ...CarriedJob.fields,
    status: Schema.Literal('waiting'),
    stepsRecorded: Schema.optionalKey(EntryCount),
    steps: Schema.Array(RecordedStep),
    ...carriedSignals,
    awaits: Schema.optionalKey(Schema.Array(SignalName)),
  },
  secrets: { ...secretsOfCarries, steps: 'steps', signals: 'signals' },
  legalIn: ['waiting'],
  fits: fitsEntries,
  evolve: carryOn,
});

interface Entries {
  readonly attempt: number;
  readonly stepsRecorded?: number;
  readonly signals?: readonly Signal[];
}

/** Whether as many steps, and as many signals of each name, are carried as the job has. */
function fitsEntries(job: Job, { attempt, stepsRecorded = 0, signals = [] }: Entries): boolean {
  return attempt === job.attempt && stepsRecorded === (job.stepsRecorded ?? 0) && areUnreadOf(job, signals);
}
