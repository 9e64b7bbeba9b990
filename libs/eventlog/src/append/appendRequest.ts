import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { eventSubject, expectationFilter } from '../streams/jobSubjects.ts';

/** An event of a job or schedule, encoded for an append. */
export interface AppendRequest {
  readonly eventId: string;
  readonly kind: 'job' | 'schedule';
  /** The id of the job, or the name of the schedule, that the event belongs to. */
  readonly owner: string;
  readonly subject: string;
  /** The subjects that the expectation is checked against. */
  readonly filter: string;
  readonly text: string;
  /** The W3C trace context of the event. */
  readonly traceparent?: string | undefined;
}

export function jobAppendRequest(event: JobEvent, traceparent?: string): AppendRequest {
  const subject = eventSubject(event);
  return {
    eventId: event.id,
    kind: 'job',
    owner: event.jobId,
    subject,
    filter: expectationFilter(event, subject),
    text: encodeJobEvent(event),
    traceparent,
  };
}
