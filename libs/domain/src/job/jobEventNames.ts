import { BY_PRIORITY } from './eventDefinition.ts';
import { jobEvents, type JobEventName } from './jobEvents.ts';
import { lanes } from './settings/priority.ts';

/** The events of which this fact is true. */
type NamesWith<Fact extends 'callsForWork' | 'byOperator'> = {
  [Name in JobEventName]: (typeof jobEvents)[Name][Fact] extends true ? Name : never;
}[JobEventName];
export type WorkEventName = NamesWith<'callsForWork'>;
export type OperatorEventName = NamesWith<'byOperator'>;

/** The events that create a job. Each has all fields of JobCreated. */
export type CreationName = {
  [Name in JobEventName]: undefined extends Parameters<(typeof jobEvents)[Name]['evolve']>[0] ? Name : never;
}[JobEventName];

/** Returns the version of the worker protocol since which the event exists; an older process does not understand it. */
export function protocolOf(event: JobEventName): number {
  return jobEvents[event].protocol ?? 1;
}

/** Returns the last tokens that the subjects of such events may have. */
export function tokensOf(event: JobEventName): readonly string[] {
  const { token } = jobEvents[event];
  return token === BY_PRIORITY ? lanes : [token];
}

/** The names of all events, in the order of a job's life. */
export const jobEventNames = Object.keys(jobEvents) as readonly JobEventName[];

/** The names of the events that call for work. */
export const workEventNames = jobEventNames.filter((name): name is WorkEventName => jobEvents[name].callsForWork);

const creations: ReadonlySet<string> = new Set(jobEventNames.filter((name) => jobEvents[name].legalIn.length === 0));

/** Whether an event of this name creates its job. Whether one of a newer release does is not known. */
export function createsJob(event: string): event is CreationName {
  return creations.has(event);
}

/** Whether an event of this name puts a job back to work that had ended. */
export function requeuesJob(event: string): event is Exclude<WorkEventName, CreationName | 'JobSignalled'> {
  return callsForWork(event) && !createsJob(event) && event !== 'JobSignalled';
}

/** The events with which a job is written down again, so that a history can begin with them. */
export const carryNames = [
  'JobCarried',
  'JobCarriedWithSteps',
  'JobCarriedWaiting',
] as const satisfies readonly JobEventName[];
export type CarryName = (typeof carryNames)[number];

const carries: ReadonlySet<string> = new Set(carryNames);

/** Whether an event of this name writes its job down again. */
export function carriesJob(event: string): event is CarryName {
  return carries.has(event);
}

const workEvents: ReadonlySet<string> = new Set(workEventNames);

/** Whether an event of this name calls for work; one of a newer release does not. */
export function callsForWork(event: string): event is WorkEventName {
  return workEvents.has(event);
}

/**
 * Since this version a JobCreated and a JobCarried may say what a job is unique by, and the log has claims: decision 0057. The keeper of
 * an earlier release would lose both.
 */
export const UNIQUE_PROTOCOL = 4;

/** The version of the worker protocol that this release understands: all events up to it, and fields of events. */
export const PROTOCOL_VERSION = Math.max(UNIQUE_PROTOCOL, ...jobEventNames.map(protocolOf));
