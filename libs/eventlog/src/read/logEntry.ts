import {
  createsJob,
  decodeJobEvent,
  hasInexactNumber,
  isCarry,
  isCreation,
  isReadable,
  jobEventNames,
  mayBeInexact,
  parseExactly,
} from '@jobstream/domain';
import type { DecodedJobEvent, JobEvent, LoggedEvent } from '@jobstream/domain';
import type { UnreadableEvent } from '@jobstream/domain';
import { TRACEPARENT } from '../connection/headers.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import { eventSubject, isSubjectOf } from '../streams/jobSubjects.ts';
import { expectationOf, previousOfJob } from './jobLink.ts';

/** An event as the log stores it: `sequence` is its place in the stream JOBS, `recordedAt` is the server's clock. */
export interface RecordedEvent<Event = JobEvent> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly event: Event;
}

/**
 * One message of the stream JOBS as a follower sees it. `unreadable`: an event of a newer release, to be put aside until
 * then. `malformed`: on a job's subject, but its body is no event. `other`: not about a job (schedules); a follower only
 * moves its position past it. `bytes` is the size of its body.
 */
export type LogEntry =
  | EventEntry
  | ({ readonly kind: 'unreadable'; readonly event: UnreadableEvent } & PutAside)
  | ({ readonly kind: 'malformed' } & PutAside)
  | { readonly kind: 'other'; readonly sequence: number; readonly bytes: number };

/** `traceparent` and `linked` only if they are asked for. */
interface EventEntry extends RecordedEvent {
  readonly kind: 'event';
  readonly bytes: number;
  readonly traceparent?: string | undefined;
  /** Whether the server stored it only because it follows the last message of its job, as it does for all writers that keep to the protocol. */
  readonly linked?: boolean;
}

/** What entries have of the headers of an event; reading them takes as long as decoding the body, about 3 µs. */
export interface HeaderFields {
  /** Whether an event has its `traceparent`. */
  readonly traces?: boolean | undefined;
  /** Whether an event says if it is `linked`. */
  readonly links?: boolean | undefined;
}

export function isReadableRecord(recorded: RecordedEvent<LoggedEvent>): recorded is RecordedEvent {
  return isReadable(recorded.event);
}

/** A message that is kept as it is, and why it could not be read. */
interface PutAside {
  readonly sequence: number;
  readonly bytes: number;
  readonly recordedAt: string;
  readonly subject: string;
  readonly reason: string;
  readonly body: Uint8Array;
}

/**
 * The log from a position on, in order and without gaps. Yields non-empty arrays of the entries that have arrived, and ends
 * after `stop()`.
 */
export interface EventFeed extends AsyncIterable<readonly LogEntry[]> {
  stop(): Promise<void>;
}

/** The parts of a message that decoding needs, from the log or from its archive. */
type DecodableMessage = Pick<ConsumerMessage, 'sequence' | 'subject' | 'storedAt' | 'text' | 'header' | 'body'>;

/** Decodes a message of the stream JOBS for a follower. */
export function decodeLogEntry(message: DecodableMessage, fields: HeaderFields = {}): LogEntry {
  const { sequence, subject } = message;
  const body = message.body();
  const bytes = body.length;
  if (!subject.startsWith('jobs.')) return { kind: 'other', sequence, bytes };
  const recordedAt = message.storedAt();
  const decoded = decodeStoredEvent(subject, message.text(), (name) => message.header(name));
  if (decoded.kind === 'event') {
    const entry = { kind: 'event', sequence, bytes, recordedAt, event: decoded.event } as const;
    return fields.traces || fields.links ? { ...entry, ...headerFields(message, decoded.event, fields) } : entry;
  }
  const putAside = { sequence, bytes, recordedAt, subject, reason: decoded.reason, body };
  if (decoded.kind === 'malformed') return { kind: 'malformed', ...putAside };
  return { kind: 'unreadable', event: decoded.event, ...putAside };
}

function headerFields(message: DecodableMessage, event: JobEvent, { traces, links }: HeaderFields) {
  return {
    ...(traces === true ? { traceparent: message.header(TRACEPARENT) } : {}),
    ...(links === true ? { linked: isLinked(message, event) } : {}),
  };
}

/** An event that follows no other is its job's first, which only a creation can be. */
function isLinked(message: DecodableMessage, event: JobEvent): boolean {
  const previous = previousOfJob(
    message.subject,
    expectationOf((name) => message.header(name)),
  );
  return previous === 0 ? isCreation(event) : previous !== undefined;
}

/** Returns a header of a stored message. */
type HeaderOf = (name: string) => string | undefined;

/** Decodes a message as an event of its job's history: none if it is malformed. */
export function decodeRecordedEvent(
  { sequence, subject, recordedAt }: { sequence: number; subject: string; recordedAt: string },
  text: string,
  header: HeaderOf,
): RecordedEvent<LoggedEvent>[] {
  const decoded = decodeStoredEvent(subject, text, header);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}

/**
 * The event with results of steps that are written down again with the digits of its text: a worker in another language may have
 * recorded numbers that JavaScript does not hold. It is good for nothing else; see `parseExactly`.
 */
export function withExactSteps(recorded: RecordedEvent<LoggedEvent>, text: string): RecordedEvent<LoggedEvent> {
  const { event } = recorded;
  if (!('data' in event) || !('steps' in event.data) || !mayBeInexact(event.data.steps) || !hasInexactNumber(text))
    return recorded;
  const { data } = parseExactly(text) as { readonly data: { readonly steps: readonly { readonly result: unknown }[] } };
  const steps = event.data.steps.map((step, index) =>
    'result' in step ? withResult(step, data.steps[index]?.result) : step,
  );
  return { ...recorded, event: { ...event, data: { ...event.data, steps } } as LoggedEvent };
}

function withResult<Step extends object>(step: Step, result: unknown): Step {
  return { ...step, result };
}

/**
 * Decodes the body of a message of the stream JOBS. An event on the subject of another one counts as malformed:
 * permissions allow subjects, so a body that contradicts its subject could claim what its writer may not. So does what
 * looks like an event of a newer release, unless the server has checked that it follows the last message of its job; and
 * an event with which a history may begin, since without its history nobody could tell a copy of it from the first.
 */
export function decodeStoredEvent(subject: string, text: string, header: HeaderOf): DecodedJobEvent {
  const decoded = decodeJobEvent(text);
  if (decoded.kind === 'event') {
    const { event, jobType, jobId } = decoded.event;
    if (eventSubject(decoded.event) !== subject)
      return { kind: 'malformed', reason: `a ${event} of the ${jobType} job ${jobId} on the subject ${subject}` };
    if (mayBegin(decoded.event, subject, header)) return decoded;
    return {
      kind: 'malformed',
      reason: `a ${event} that the server has not compared with the job's messages before it`,
    };
  }
  if (decoded.kind === 'malformed' || isChained(subject, decoded.event, header)) return decoded;
  return { kind: 'malformed', reason: `${decoded.reason}, and it does not follow the last message of its job` };
}

/** Whether the server has checked that a creation is the first event of its job, or that a JobCarried is the next. */
function mayBegin(event: JobEvent, subject: string, header: HeaderOf): boolean {
  const creates = isCreation(event);
  if (!creates && !isCarry(event)) return true;
  const previous = previousOfJob(subject, expectationOf(header));
  return creates ? previous === 0 : previous !== undefined;
}

const knownNames: ReadonlySet<string> = new Set(jobEventNames);

/** Whether the server stored the message only because it follows the last one of the job that its body names, or is its first. */
function isChained(subject: string, event: UnreadableEvent, header: HeaderOf): boolean {
  if (!isSubjectOf(subject, event)) return false;
  const previous = previousOfJob(subject, expectationOf(header));
  if (previous !== 0) return previous !== undefined && !createsJob(event.name);
  return createsJob(event.name) || !knownNames.has(event.name); // a newer release may begin jobs in other ways
}
