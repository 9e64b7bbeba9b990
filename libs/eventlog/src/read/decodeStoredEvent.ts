import { decodeJobEvent, type DecodedEvent } from '@jobstream/domain';
import { eventSubject } from '../streams/jobSubjects.ts';

/**
 * Reads a message of the stream JOBS. An event on the subject of another one counts as malformed: permissions allow
 * subjects, so a body that its subject does not announce could say what its writer may not.
 */
export function decodeStoredEvent(subject: string, text: string): DecodedEvent {
  const decoded = decodeJobEvent(text);
  if (decoded.kind !== 'event' || eventSubject(decoded.event) === subject) return decoded;
  const { event, jobType, jobId } = decoded.event;
  return { kind: 'malformed', reason: `a ${event} of the ${jobType} job ${jobId} on the subject ${subject}` };
}
