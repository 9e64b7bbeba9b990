import * as Schema from 'effect/Schema';
import {
  begin,
  beginAgain,
  creationData,
  jobCarried,
  jobCarriedWaiting,
  jobCarriedWithSteps,
  ofCreations,
  requeueData,
  withoutHistory,
} from './beginnings.ts';
import {
  jobCompleted,
  jobFailed,
  jobProgressed,
  jobReleased,
  jobResumed,
  jobRetryScheduled,
  jobStarted,
  jobStepsRecorded,
  jobSuspended,
} from './attemptEvents.ts';
import { DurationMs, mayBeRevised } from './job.ts';
import { jobSignalled } from './signalEvents.ts';
import { always, BY_PRIORITY, define } from './eventDefinition.ts';
import { Lane, Priority, withPriority } from './settings/priority.ts';
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

  JobStarted: jobStarted,
  JobProgressed: jobProgressed,
  JobStepsRecorded: jobStepsRecorded,
  JobSuspended: jobSuspended,
  JobResumed: jobResumed,
  JobCompleted: jobCompleted,
  JobRetryScheduled: jobRetryScheduled,
  JobFailed: jobFailed,
  JobCancelled: define({
    summary: 'The job was cancelled. A running attempt is aborted.',
    token: 'cancelled',
    callsForWork: false,
    byOperator: true,
    data: { reason: Schema.optionalKey(Schema.String) },
    secrets: {},
    hidden: [],
    legalIn: ['scheduled', 'pending', 'processing', 'waiting', 'retrying'],
    fits: always,
    evolve: ({ awaits: _awaits, ...job }, { at }) => ({ ...job, status: 'cancelled', finishedAt: at }),
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
    fits: mayBeRevised,
    evolve: (job, { at, data }) => ({
      ...job,
      ...withoutHistory(data),
      status: data.runAt === undefined || isDue(data.runAt, at) ? job.status : 'scheduled',
    }),
  }),

  JobSignalled: jobSignalled,
  JobReleased: jobReleased,
  JobCarried: jobCarried,
  JobCarriedWithSteps: jobCarriedWithSteps,
  JobCarriedWaiting: jobCarriedWaiting,
};
export type JobEventName = keyof typeof jobEvents;
