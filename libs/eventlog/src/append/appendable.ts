import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { eventSubject, expectationFilter } from '../streams/subjects.ts';

/** An event as the appender sees it, whatever it is about. */
export interface Appendable {
  readonly eventId: string;
  /** What it is about. */
  readonly kind: 'job' | 'schedule';
  /** Whose history it continues: the id of the job, or the name of the schedule. */
  readonly owner: string;
  readonly subject: string;
  /** What its expectation is checked against. */
  readonly filter: string;
  readonly text: string;
  /** The W3C trace context that it belongs to. */
  readonly traceparent?: string | undefined;
}

export function appendableOfJob(event: JobEvent, traceparent?: string): Appendable {
  return {
    eventId: event.id,
    kind: 'job',
    owner: event.jobId,
    subject: eventSubject(event),
    filter: expectationFilter(event),
    text: encodeJobEvent(event),
    traceparent,
  };
}
