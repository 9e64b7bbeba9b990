import { MAX_DELAY_MS, retryDelayMs } from './settings/backoff.ts';
import { isTerminal, mayBeRevised, type Job, type JobState, type JobStatus } from './job.ts';
import type { JobCommand, JobCommandName, JobCommandOf } from './jobCommand.ts';
import { EVENT_SCHEMA_VERSION } from '../messages/eventEnvelope.ts';
import type { JobEvent, JobEventOf } from './jobEvent.ts';
import { protocolOf, type CarryName } from './jobEventNames.ts';
import type { JobEventName } from './jobEvents.ts';
import { isRejection, type Rejection } from '../messages/commandContext.ts';
import { laneOf } from './settings/priority.ts';
import { areUnreadOf, hasRead, MAX_UNREAD_SIGNALS, SIGNALS_PROTOCOL, unreadSignals } from './settings/signals.ts';
import { addMs, isDue } from '../messages/timestamp.ts';

export type Decision = JobEvent | Rejection;
/** A decider of whichever command. */
type Decider = (command: JobCommand, job: Job) => Decision;

/** What a command does to a job: the one event to append, or why it is refused. Pure and total. */
export function decide(command: JobCommand, state: JobState): Decision {
  if (command.kind === 'CreateJob') return createJob(command, state);
  if (state === undefined) return { kind: 'not-found', detail: 'the job does not exist' };
  return refusalOf(command, state) ?? (deciders[command.kind] as Decider)(command, state);
}

/**
 * A decision on a state that may be wrong could be wrong. A cancellation is right for every job that has not ended, and who
 * requeues a job may say that what cannot be read shall not count.
 */
function refusalOf(command: JobCommand, { unreadableEvents }: Job): Rejection | undefined {
  if (unreadableEvents === undefined || command.kind === 'CancelJob') return undefined;
  if (command.kind === 'RequeueJob' && command.discardUnreadable === true) return undefined;
  const events = unreadableEvents === 1 ? 'an event' : `${unreadableEvents} events`;
  return {
    kind: 'unreadable',
    detail: `the job has ${events} of a newer release, which this one cannot read: upgrade it`,
  };
}

/** What each command does to a job that exists. */
const deciders: {
  readonly [Name in Exclude<JobCommandName, 'CreateJob'>]: (command: JobCommandOf<Name>, job: Job) => Decision;
} = {
  StartAttempt: startAttempt,
  TakeOverAttempt: whileRunning(takeOverAttempt),
  ReportProgress: whileRunning(reportProgress),
  RecordSteps: whileRunning(recordSteps),
  SuspendAttempt: whileRunning(suspendAttempt),
  ResumeAttempt: resumeAttempt,
  CompleteAttempt: whileRunning(completeAttempt),
  FailAttempt: whileRunning(failAttempt),
  ReleaseAttempt: whileRunning(releaseAttempt),
  CancelJob: cancelJob,
  RequeueJob: requeueJob,
  RunJobNow: runJobNow,
  ChangePayload: changePayload,
  ChangePriority: changePriority,
  ReviseJob: reviseJob,
  SignalJob: signalJob,
  CarryJob: carryJob,
};

function createJob(command: JobCommandOf<'CreateJob'>, state: JobState): Decision {
  if (state !== undefined) return { kind: 'already-exists', detail: 'a job with this id exists already' };
  const { payload, maxAttempts, backoff, timeoutMs, tags } = command;
  const { byDefinition, runAt, delayMs, rerunOf, reason, idempotencyKey, fingerprint, unique, uniqueKey } = command;
  const priority = laneOf(command.priority);
  const created = envelope(command, { id: command.jobId, type: command.jobType, version: 0, tenant: command.tenant });
  const data = {
    // JSON has no undefined: the field would vanish from the log, and the event could not be read again.
    payload: payload ?? null,
    maxAttempts,
    backoff,
    timeoutMs,
    tags,
    ...defined({ byDefinition, runAt, delayMs, rerunOf, reason, idempotencyKey, fingerprint, unique, uniqueKey }),
  };
  if (priority === undefined) return { ...created, event: 'JobCreated', data };
  return { ...created, event: 'JobCreatedWithPriority', data: { ...data, priority } };
}

const startable: ReadonlySet<JobStatus> = new Set(['scheduled', 'pending', 'retrying']);
const revivable: ReadonlySet<JobStatus> = new Set(['failed', 'cancelled']);

function startAttempt(command: JobCommandOf<'StartAttempt'>, job: Job): Decision {
  if (!startable.has(job.status)) return illegal(job, 'it cannot be started');
  return (job.status === 'pending' ? undefined : notDue(command, job)) ?? started(command, job);
}

function resumeAttempt(command: JobCommandOf<'ResumeAttempt'>, job: Job): Decision {
  if (job.status !== 'waiting') return illegal(job, 'no attempt of it waits');
  const { worker, workerVersion } = command;
  const resumed = { attempt: job.attempt, worker, ...defined({ workerVersion }) };
  return notDue(command, job) ?? make(command, job, 'JobResumed', resumed);
}

function notDue({ at }: JobCommand, { runAt }: Job): Rejection | undefined {
  if (runAt === undefined || isDue(runAt, at)) return undefined;
  return { kind: 'not-due', detail: `the job is not due before ${runAt}`, dueAt: runAt };
}

function takeOverAttempt(command: JobCommandOf<'TakeOverAttempt'>, job: Job): Decision {
  if (job.attempt < job.maxAttempts) return started(command, job);
  const error = { name: 'WorkerLost', message: `worker ${job.worker ?? 'unknown'} stopped answering` };
  return failed(command, job, { error, reason: 'worker-lost' });
}

function reportProgress(command: JobCommandOf<'ReportProgress'>, job: Job): Decision {
  const { attempt, percent, message } = command;
  return make(command, job, 'JobProgressed', { attempt, ...defined({ percent, message }) });
}

function recordSteps(command: JobCommandOf<'RecordSteps'>, job: Job): Decision {
  const { attempt, steps } = command;
  if (!hasRead(job, steps)) return illegal(job, 'it has no unread signal as a step has read');
  return make(command, job, 'JobStepsRecorded', { attempt, from: job.stepsRecorded ?? 0, steps });
}

function suspendAttempt(command: JobCommandOf<'SuspendAttempt'>, job: Job): Decision {
  const { attempt, until, ranMs, signals } = command;
  return make(command, job, 'JobSuspended', { attempt, until, ranMs, ...defined({ signals }) });
}

function completeAttempt(command: JobCommandOf<'CompleteAttempt'>, job: Job): Decision {
  const { attempt, result, durationMs } = command;
  return make(command, job, 'JobCompleted', { attempt, durationMs, ...defined({ result }) });
}

function failAttempt(command: JobCommandOf<'FailAttempt'>, job: Job): Decision {
  const { attempt, error, cause, durationMs } = command;
  if (cause !== 'error') return failed(command, job, { error, reason: cause, durationMs });
  if (attempt >= job.maxAttempts) return failed(command, job, { error, reason: 'attempts-exhausted', durationMs });
  const retryAfterMs = Math.min(command.retryAfterMs ?? 0, MAX_DELAY_MS);
  const delayMs = Math.max(retryDelayMs(job.backoff, attempt, command.random), retryAfterMs);
  return make(command, job, 'JobRetryScheduled', { attempt, error, retryAt: addMs(command.at, delayMs), durationMs });
}

function releaseAttempt(command: JobCommandOf<'ReleaseAttempt'>, job: Job): Decision {
  return make(command, job, 'JobReleased', { attempt: command.attempt, reason: command.reason });
}

function cancelJob(command: JobCommandOf<'CancelJob'>, job: Job): Decision {
  if (job.status === 'cancelled') return { kind: 'already-cancelled', detail: 'the job is cancelled already' };
  if (job.status === 'completed' || job.status === 'failed')
    return illegal(job, 'only a job that has not ended can be cancelled');
  return make(command, job, 'JobCancelled', defined({ reason: command.reason }));
}

function requeueJob(command: JobCommandOf<'RequeueJob'>, job: Job): Decision {
  if (!revivable.has(job.status)) return illegal(job, 'only a failed or cancelled job can be retried');
  const discarded = command.discardUnreadable === true ? job.unreadableEvents : undefined;
  const data = defined({ reason: command.reason, discarded });
  const { priority } = job;
  if (priority === undefined) return make(command, job, 'JobRequeued', data);
  return make(command, job, 'JobRequeuedWithPriority', { ...data, priority });
}

/** Also for a job that is due already: its wake-up may be late, and is sent once more. */
function runJobNow(command: JobCommandOf<'RunJobNow'>, job: Job): Decision {
  if (job.status === 'waiting') return illegal(job, 'a wait within an attempt cannot be cut short');
  if (job.status !== 'scheduled' && job.status !== 'retrying')
    return illegal(job, 'only a job that waits for its time can be run now');
  return make(command, job, 'JobDueNow', defined({ reason: command.reason }));
}

function changePriority(command: JobCommandOf<'ChangePriority'>, job: Job): Decision {
  const { priority, reason } = command;
  if (job.status === 'waiting') return illegal(job, 'its attempt has begun, and keeps its priority');
  if (!startable.has(job.status)) return illegal(job, 'only a job that waits can be given another priority');
  if (laneOf(priority) === job.priority)
    return { kind: 'unchanged', detail: `the job has ${priority} priority already` };
  return make(command, job, 'JobPriorityChanged', { priority, ...defined({ reason }) });
}

function changePayload(command: JobCommandOf<'ChangePayload'>, job: Job): Decision {
  if (!revivable.has(job.status)) return illegal(job, 'only a failed or cancelled job can be given another payload');
  return make(command, job, 'JobPayloadChanged', {
    payload: command.payload ?? null,
    ...defined({ keepSteps: command.keepSteps, reason: command.reason }),
  });
}

function reviseJob(command: JobCommandOf<'ReviseJob'>, job: Job): Decision {
  if (!mayBeRevised(job))
    return illegal(job, 'only a job that waits for its first start, without steps, can be revised');
  const { payload, runAt, delayMs } = command;
  return make(command, job, 'JobRevised', { payload: payload ?? null, ...defined({ runAt, delayMs }) });
}

function signalJob(command: JobCommandOf<'SignalJob'>, job: Job): Decision {
  if (isTerminal(job.status)) return illegal(job, 'it takes no signals any more');
  if (unreadSignals(job) < MAX_UNREAD_SIGNALS)
    return make(command, job, 'JobSignalled', { name: command.name, payload: command.payload ?? null });
  return { kind: 'too-many-signals', detail: `the job has ${MAX_UNREAD_SIGNALS} signals that no step has read` };
}

/** The event by which the job is carried. */
export function carrierOf({ status, stepsRecorded, unread }: Job): CarryName {
  if (status === 'waiting') return 'JobCarriedWaiting';
  return stepsRecorded === undefined && unread === undefined ? 'JobCarried' : 'JobCarriedWithSteps';
}

/** The version of the worker protocol that brings all that the job is carried with: an earlier release would lose some of it. */
export function carryProtocol(job: Job): number {
  const isOfSignals = job.unread !== undefined || job.awaits !== undefined;
  return isOfSignals ? SIGNALS_PROTOCOL : protocolOf(carrierOf(job));
}

/** Without its cause the running attempt counts as started by whichever call for work comes next. */
function carryJob(command: JobCommandOf<'CarryJob'>, job: Job): Decision {
  if (job.status === 'completed') return illegal(job, 'nothing can follow');
  const { id: _id, type: _type, version: _version, tenant: _tenant, startedBy, ...rest } = job;
  const { result: _result, resultInexact: _mark, stepsRecorded, unread: _unread, awaits, ...state } = rest;
  const carried = { ...state, ...(command.keepsCause ? defined({ startedBy }) : {}) };
  const { status } = carried;
  if (status !== 'waiting' && carrierOf(job) === 'JobCarried')
    return make(command, job, 'JobCarried', { ...carried, status });
  const entries = entriesOf(command, job);
  if (isRejection(entries)) return entries;
  if (status === 'waiting')
    return make(command, job, 'JobCarriedWaiting', {
      ...carried,
      status,
      ...defined({ stepsRecorded, awaits }),
      ...entries,
    });
  return make(command, job, 'JobCarriedWithSteps', {
    ...carried,
    status,
    stepsRecorded: stepsRecorded ?? 0,
    ...entries,
  });
}

function entriesOf({ steps, signals = [] }: JobCommandOf<'CarryJob'>, job: Job) {
  if (steps === undefined) return illegal(job, 'its steps are not known');
  if (!areUnreadOf(job, signals)) return illegal(job, 'its signals are not known');
  return { steps, ...(signals.length === 0 ? {} : { signals }) };
}

function started(command: JobCommandOf<'StartAttempt' | 'TakeOverAttempt'>, job: Job): JobEvent {
  const { worker, workerVersion } = command;
  return make(command, job, 'JobStarted', { attempt: job.attempt + 1, worker, ...defined({ workerVersion }) });
}

function failed(command: JobCommand, job: Job, data: Omit<JobEventOf<'JobFailed'>['data'], 'attempt'>): JobEvent {
  return make(command, job, 'JobFailed', { attempt: job.attempt, ...data });
}

/** Only the running attempt may speak for the job: a run that was overtaken is refused. */
function whileRunning<Command extends Extract<JobCommand, { readonly attempt: number }>>(
  accept: (command: Command, job: Job) => Decision,
): (command: Command, job: Job) => Decision {
  return (command, job) => {
    if (job.status !== 'processing') return illegal(job, 'no attempt of it runs');
    if (command.attempt === job.attempt) return accept(command, job);
    return { kind: 'overtaken', detail: `attempt ${command.attempt} was overtaken by attempt ${job.attempt}` };
  };
}

function illegal({ status }: Job, why: string): Rejection {
  return { kind: 'illegal-transition', detail: `the job is ${status}: ${why}` };
}

function make<Name extends JobEventName>(
  command: JobCommand,
  job: Job,
  event: Name,
  data: JobEventOf<Name>['data'],
): JobEvent {
  return { ...envelope(command, job), event, data } as JobEvent;
}

function envelope(
  command: JobCommand,
  job: Pick<Job, 'id' | 'type' | 'version'> & { readonly tenant?: string | undefined },
) {
  const { causationId, correlationId } = command;
  return {
    v: EVENT_SCHEMA_VERSION,
    id: command.eventId,
    jobId: job.id,
    jobType: job.type,
    version: job.version + 1,
    at: command.at,
    actor: command.actor,
    ...defined({ causationId, correlationId, tenant: job.tenant }),
  } as const;
}

/** The fields that are not undefined: absent and undefined differ in JSON and in exact optional types. */
function defined<const Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const kept: { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } = {};
  for (const key in fields)
    if (fields[key] !== undefined) kept[key] = fields[key] as Exclude<Fields[typeof key], undefined>;
  return kept;
}
