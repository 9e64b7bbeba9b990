import * as Schema from 'effect/Schema';
import { decodeEvent, eventEnvelope, type NewerBody } from '../messages/eventEnvelope.ts';
import { hasInexactNumber, mayBeInexact } from '../messages/inexactNumbers.ts';
import { BY_PRIORITY } from './eventDefinition.ts';
import { carriesJob, createsJob, jobEventNames, type CarryName, type CreationName } from './jobEventNames.ts';
import { jobEvents, type JobEventName } from './jobEvents.ts';
import { isJobId, isJobType, JobId, JobType } from './jobId.ts';

export const jobEventEnvelope = eventEnvelope({ jobId: JobId, jobType: JobType });

/** The fields of the event's `data`. */
type JobEventFields<Name extends JobEventName> = (typeof jobEvents)[Name]['data'];

type EventSchema<Name extends JobEventName> = Schema.Struct<
  typeof jobEventEnvelope & {
    readonly event: Schema.Literal<Name>;
    readonly data: Schema.Struct<JobEventFields<Name>>;
  }
>;
type EventSchemas = { readonly [Name in JobEventName]: EventSchema<Name> };

const schemas = jobEventNames.map((name) =>
  Schema.Struct({ ...jobEventEnvelope, event: Schema.Literal(name), data: Schema.Struct(jobEvents[name].data) }),
);

/** Everything that can happen to a job: one event is one message in the log, and its JSON body has this shape. */
export const JobEvent = Schema.Union(schemas as readonly Schema.Constraint[] as readonly EventSchemas[JobEventName][]);
export type JobEvent = typeof JobEvent.Type;
export type JobEventOf<Name extends JobEventName> = Extract<JobEvent, { readonly event: Name }>;

const decode = Schema.decodeUnknownResult(JobEvent);

/** The JSON text of an event, as the log keeps it. */
export function encodeJobEvent(event: JobEvent): string {
  return JSON.stringify(event);
}

/**
 * Stands for an event of a newer release: it is known to have happened to the job, but not what it means. The fold counts
 * it, and marks the job.
 */
export interface UnreadableEvent {
  readonly event: 'UnreadableEvent';
  /** The name that the newer release gave it. */
  readonly name: string;
  readonly jobId: JobId;
  readonly jobType: JobType;
  readonly version: number;
}

/** An event as a history has it. */
export type LoggedEvent = JobEvent | UnreadableEvent;

export function isReadable(event: LoggedEvent): event is JobEvent {
  return event.event !== 'UnreadableEvent';
}

/** Whether the event creates its job. */
export function isCreation(event: LoggedEvent): event is JobEventOf<CreationName> {
  return createsJob(event.event);
}

/** Whether the event writes its job down again. */
export function isCarry(event: LoggedEvent): event is JobEventOf<CarryName> {
  return carriesJob(event.event);
}

/** Returns the last token of the event's subject. */
export function tokenOf({ event, data }: Pick<JobEvent, 'event' | 'data'>): string {
  const { token } = jobEvents[event];
  return token === BY_PRIORITY ? (data as { readonly priority: string }).priority : token;
}

/** A decoded message body: an event, one of a newer release, or why it is neither. */
export type DecodedJobEvent =
  | { readonly kind: 'event'; readonly event: JobEvent }
  | { readonly kind: 'newer'; readonly event: UnreadableEvent; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * Reads a message body; never throws. Unknown fields are dropped, so writers may add some without a new version. A result
 * with a number that JavaScript does not hold exactly, from a worker in another language, is marked.
 */
export function decodeJobEvent(text: string): DecodedJobEvent {
  const decoded = decodeEvent(text, decode, jobEventNames);
  if (decoded.kind === 'event') return { kind: 'event', event: withResultMark(decoded.event, text) };
  if (decoded.kind === 'malformed') return decoded;
  const { reason } = decoded;
  const event = unreadableEvent(decoded.body);
  return event === undefined ? { kind: 'malformed', reason } : { kind: 'newer', event, reason };
}

function withResultMark(event: JobEvent, text: string): JobEvent {
  if (event.event !== 'JobCompleted' || !mayBeInexact(event.data.result) || !hasInexactNumber(text)) return event;
  return { ...event, data: { ...event.data, resultInexact: true } };
}

/** What every version of every event says: which job it belongs to, and which of its events it is. */
function unreadableEvent({ event: name, jobId, jobType, version }: NewerBody): UnreadableEvent | undefined {
  if (typeof name !== 'string' || !isJobId(jobId) || !isJobType(jobType)) return undefined;
  if (typeof version !== 'number' || !Number.isInteger(version)) return undefined;
  return { event: 'UnreadableEvent', name, jobId, jobType, version };
}
