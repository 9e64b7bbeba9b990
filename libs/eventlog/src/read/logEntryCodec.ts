import { decodeStoredEvent } from './decodeStoredEvent.ts';
import { NewerEventError } from '../errors.ts';
import { TRACEPARENT } from '../connection/headers.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { LogEntry } from './logEntry.ts';

/** A message, from wherever it was read. */
type Readable = Pick<ConsumerMessage, 'sequence' | 'subject' | 'storedAt' | 'text' | 'header' | 'body'>;

/** What a message of the stream JOBS is to a follower; throws NewerEventError. Reading `traces` costs time where there are some. */
export function decodeLogEntry(message: Readable, traces = false): LogEntry {
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
