import { decodeJobEvent, type DecodedEvent, type JobEvent } from '@jobstream/domain';
import { TRACEPARENT } from '../connection/headers.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import { NewerEventError } from '../errors.ts';
import { eventSubject } from '../streams/jobSubjects.ts';

/** An event as the log stores it: `sequence` is its place in the stream JOBS, `recordedAt` is the server's clock. */
export interface RecordedEvent<Event = JobEvent> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly event: Event;
}

/**
 * One message of the stream JOBS as a follower sees it. `malformed`: on a job's subject, but its body is no event.
 * `other`: not about a job (schedules); a follower only moves its position past it. `bytes` is the size of its body.
 */
export type LogEntry =
  | ({ readonly kind: 'event'; readonly bytes: number; readonly traceparent?: string | undefined } & RecordedEvent)
  | {
      readonly kind: 'malformed';
      readonly sequence: number;
      readonly bytes: number;
      readonly recordedAt: string;
      readonly subject: string;
      readonly reason: string;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'other'; readonly sequence: number; readonly bytes: number };

/**
 * The log from a position on, in order and without gaps. Yields non-empty arrays of the entries that have arrived, ends
 * after `stop()`, and throws NewerEventError at an event that this release cannot read.
 */
export interface EventFeed extends AsyncIterable<readonly LogEntry[]> {
  stop(): Promise<void>;
}

/** The parts of a message that decoding needs, from the log or from its archive. */
type DecodableMessage = Pick<ConsumerMessage, 'sequence' | 'subject' | 'storedAt' | 'text' | 'header' | 'body'>;

/**
 * Decodes a message of the stream JOBS for a follower.
 *
 * @param traces whether the entry carries its `traceparent`; reading headers costs time.
 * @throws NewerEventError when its schema version is newer than this release.
 */
export function decodeLogEntry(message: DecodableMessage, traces = false): LogEntry {
  const { sequence, subject } = message;
  const body = message.body();
  const bytes = body.length;
  if (!subject.startsWith('jobs.')) return { kind: 'other', sequence, bytes };
  const recordedAt = message.storedAt();
  const decoded = decodeStoredEvent(subject, message.text());
  if (decoded.kind === 'event') {
    const entry = { kind: 'event', sequence, bytes, recordedAt, event: decoded.event } as const;
    return traces ? { ...entry, traceparent: message.header(TRACEPARENT) } : entry;
  }
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return { kind: 'malformed', sequence, bytes, recordedAt, subject, reason: decoded.reason, body };
}

/**
 * Decodes a message as an event of its job's history: none if it is malformed.
 *
 * @throws NewerEventError when its schema version is newer than this release.
 */
export function decodeRecordedEvent(
  { sequence, subject, recordedAt }: { sequence: number; subject: string; recordedAt: string },
  text: string,
): RecordedEvent[] {
  const decoded = decodeStoredEvent(subject, text);
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return decoded.kind === 'malformed' ? [] : [{ sequence, recordedAt, event: decoded.event }];
}

/**
 * Decodes the body of a message of the stream JOBS. An event on the subject of another one counts as malformed:
 * permissions allow subjects, so a body that contradicts its subject could claim what its writer may not.
 */
export function decodeStoredEvent(subject: string, text: string): DecodedEvent<JobEvent> {
  const decoded = decodeJobEvent(text);
  if (decoded.kind !== 'event' || eventSubject(decoded.event) === subject) return decoded;
  const { event, jobType, jobId } = decoded.event;
  return { kind: 'malformed', reason: `a ${event} of the ${jobType} job ${jobId} on the subject ${subject}` };
}
