import { decodeJobEvent, type JobEvent, tokenOf, type UnreadableEvent } from '@jobstream/domain';
import type { RawMessage } from '../../harness/rawLog.ts';

/** A message of the stream JOBS, decoded for the checks. */
export interface LogMessage extends RawMessage {
  /** Undefined if the body is no event of version 1, or one that belongs on another subject. */
  readonly event: JobEvent | undefined;
  /** An event of a newer release that the kit has written. */
  readonly newer?: UnreadableEvent;
  readonly byKit: boolean;
}

export function logMessage(message: RawMessage, byKit: boolean): LogMessage {
  const decoded = decodeJobEvent(message.body);
  if (decoded.kind === 'newer' && isChained(message))
    return { ...message, byKit, event: undefined, newer: decoded.event };
  const counts = decoded.kind === 'event' && subjectOf(decoded.event) === message.subject;
  return { ...message, byKit, event: counts ? decoded.event : undefined };
}

/** Whether its writer says that it follows the last message of its job. */
function isChained({ subject, headers }: RawMessage): boolean {
  const filter = `${subject.split('.').slice(0, 3).join('.')}.>`;
  return headers['nats-expected-last-subject-sequence-subject'] === filter;
}

/** The subject of an event; on any other subject it does not count. */
export function subjectOf(event: JobEvent): string {
  return `jobs.${event.jobType}.${event.jobId}.${tokenOf(event)}`;
}

/** The id of the trace of everything about a job, made of the id of the job. */
export function traceOf(jobId: string): string {
  return jobId.replaceAll('-', '');
}
