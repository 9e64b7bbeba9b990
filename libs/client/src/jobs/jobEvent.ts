import type { Actor } from '../operate/actor.ts';
import type { Backoff, ByDefinition, Job, JobError, JobStatus, Priority, Unique } from './job.ts';

/** What a job begins with. */
interface CreationData {
  readonly payload: unknown;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeoutMs: number;
  /** The settings that were left out and the definition of the type gave. */
  readonly byDefinition?: ByDefinition;
  readonly tags: readonly string[];
  readonly runAt?: string;
  /** The delay that was asked for; `runAt` is it from the creation on, by the clock of the server. */
  readonly delayMs?: number;
  /** The job of which this one is a repetition. */
  readonly rerunOf?: string;
  /** Why an operator has asked for it. */
  readonly reason?: string;
  /** Which other jobs are not created because of it. */
  readonly unique?: Unique;
}

/** How a step has ended: with an error, or with a result, which is absent where its work returned nothing. */
interface StepOutcome {
  readonly name: string;
  /** Tells steps of one name apart. */
  readonly key?: string;
  readonly result?: unknown;
  readonly error?: JobError;
  /** The signal that it has waited for, and read. */
  readonly signal?: { readonly id: string; readonly name: string };
  /** It waits for a signal, until then. */
  readonly waitsUntil?: string;
  readonly durationMs: number;
}

/** A step as a job is carried with it: as it was recorded last. */
interface RecordedStep extends StepOutcome {
  readonly attempt: number;
  readonly at: string;
}

/** What the event has of a job that writes it down again. */
type CarriedData = Omit<
  Job,
  | 'id'
  | 'type'
  | 'tenant'
  | 'version'
  | 'result'
  | 'resultInexact'
  | 'unreadableEvents'
  | 'waitingFor'
  | 'stepsRecorded'
  | 'unread'
  | 'awaits'
  | 'status'
>;

/** A signal that no step has read. */
interface Signal {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly at: string;
}

interface CarriedStatus {
  readonly status: Exclude<JobStatus, 'waiting'>;
}

/** By which worker an attempt begins, or goes on. */
interface StartData {
  readonly attempt: number;
  readonly worker: string;
  /** The release of the program that the worker is, if it says one. */
  readonly workerVersion?: string;
}

/** What belongs to each event, by its name. */
export interface JobEventData {
  readonly JobCreated: CreationData;
  /** As JobCreated, of a job of another priority than normal. */
  readonly JobCreatedWithPriority: CreationData & { readonly priority: 'high' | 'low' };
  readonly JobStarted: StartData;
  readonly JobProgressed: { readonly attempt: number; readonly percent?: number; readonly message?: string };
  /** Steps that ended together. Later attempts get their results, and run those with an error again. */
  readonly JobStepsRecorded: {
    readonly attempt: number;
    /** How many were recorded before. */
    readonly from: number;
    readonly steps: readonly StepOutcome[];
  };
  /** The attempt waits without a worker until then. */
  readonly JobSuspended: {
    readonly attempt: number;
    readonly until: string;
    /** How long it has run so far: waits do not count. */
    readonly ranMs: number;
    /** The signals by which it is called earlier. */
    readonly signals?: readonly string[];
  };
  /** A worker goes on with the attempt that has waited. */
  readonly JobResumed: StartData;
  readonly JobCompleted: {
    readonly attempt: number;
    readonly result?: unknown;
    readonly durationMs: number;
    /** The result has a number that JavaScript does not hold exactly: it is shown rounded, or null beyond all doubles. */
    readonly resultInexact?: true;
  };
  readonly JobRetryScheduled: {
    readonly attempt: number;
    readonly error: JobError;
    readonly retryAt: string;
    readonly durationMs: number;
  };
  readonly JobFailed: {
    readonly attempt: number;
    readonly error: JobError;
    readonly reason: 'attempts-exhausted' | 'unrecoverable' | 'invalid-payload' | 'worker-lost';
    /** How long the attempt ran. Absent when its worker was lost, and from workers that do not measure it. */
    readonly durationMs?: number;
  };
  readonly JobCancelled: { readonly reason?: string };
  readonly JobRequeued: { readonly reason?: string; readonly discarded?: number };
  /** As JobRequeued, of a job of another priority than normal. */
  readonly JobRequeuedWithPriority: {
    readonly reason?: string;
    readonly discarded?: number;
    readonly priority: 'high' | 'low';
  };
  readonly JobPriorityChanged: { readonly priority: Priority; readonly reason?: string };
  /** An operator did not want to wait until the job, or its next attempt, is due. */
  readonly JobDueNow: { readonly reason?: string };
  /** Before the job is put back to work. Earlier payloads stay in the history. */
  readonly JobPayloadChanged: { readonly payload: unknown; readonly keepSteps?: boolean; readonly reason?: string };
  /** By a later request under its unique key. */
  readonly JobRevised: {
    readonly payload?: unknown;
    readonly runAt?: string;
    readonly delayMs?: number;
    readonly reason?: string;
  };
  /** For a step that waits for it now or later. */
  readonly JobSignalled: { readonly name: string; readonly payload: unknown };
  readonly JobReleased: { readonly attempt: number; readonly reason: string };
  /** The state of the job, written down again before the log loses earlier events. */
  readonly JobCarried: CarriedData & CarriedStatus;
  /** As JobCarried, of a job with steps. */
  readonly JobCarriedWithSteps: CarriedData &
    CarriedStatus & {
      readonly stepsRecorded: number;
      readonly steps: readonly RecordedStep[];
      readonly signals?: readonly Signal[];
    };
  /** As JobCarriedWithSteps, of a job that waits within an attempt. */
  readonly JobCarriedWaiting: CarriedData & {
    readonly status: 'waiting';
    readonly stepsRecorded?: number;
    readonly steps: readonly RecordedStep[];
    readonly signals?: readonly Signal[];
    readonly awaits?: readonly string[];
  };
}

export type JobEventName = keyof JobEventData;

/** What an operator, or a client of the API, does to a job that exists. */
export type OperatorEventName =
  | 'JobCancelled'
  | 'JobRequeued'
  | 'JobRequeuedWithPriority'
  | 'JobPriorityChanged'
  | 'JobDueNow'
  | 'JobPayloadChanged'
  | 'JobRevised'
  | 'JobSignalled';

/** Something that happened to a job. `sequence` is its place in the log, by which a feed can be resumed. */
export type JobEvent = { readonly [Name in JobEventName]: EventOf<Name> }[JobEventName];

/** An event by which a job begins. */
export type CreationEvent = Extract<JobEvent, { readonly event: 'JobCreated' | 'JobCreatedWithPriority' }>;

type CarryName = 'JobCarried' | 'JobCarriedWithSteps' | 'JobCarriedWaiting';

/** An event that writes its job down again. */
export type CarryEvent = Extract<JobEvent, { readonly event: CarryName }>;

/** Returns whether the event writes its job down again. */
export function isCarry(event: JobEvent): event is CarryEvent {
  const names: readonly string[] = ['JobCarried', 'JobCarriedWithSteps', 'JobCarriedWaiting'] satisfies CarryName[];
  return names.includes(event.event);
}

/** Returns whether the event created its job. */
export function isCreation(event: JobEvent): event is CreationEvent {
  return event.event === 'JobCreated' || event.event === 'JobCreatedWithPriority';
}

interface EventOf<Name extends JobEventName> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly v: 1;
  readonly event: Name;
  readonly id: string;
  readonly jobId: string;
  readonly jobType: string;
  readonly version: number;
  readonly at: string;
  readonly actor: Actor;
  readonly causationId?: string;
  readonly correlationId?: string;
  readonly tenant?: string;
  readonly data: JobEventData[Name];
}
