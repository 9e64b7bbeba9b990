import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { type ClaimBody, encodeClaim } from '../read/claimMessage.ts';
import { claimSubject } from '../streams/claimSubject.ts';
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

/** A message that says who holds a unique key; it is stored in front of an event, or neither is. */
export interface ClaimRequest {
  readonly subject: string;
  readonly text: string;
  /** The sequence of the last claim of the key, 0 if it has none. */
  readonly expected: number;
}

/** The holder of a unique key, as a job claims it. */
export interface Claim {
  readonly key: string;
  /** The sequence of the claim of the key that was read last, 0 if there was none. */
  readonly after: number;
  /** RFC 3339: until when the key is held in any case. Where there is none it is held as long as the state of the job says. */
  readonly until?: string | undefined;
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

export function claimRequest({ key, after, until }: Claim, body: Omit<ClaimBody, 'until'>): ClaimRequest {
  return { subject: claimSubject(key), text: encodeClaim({ ...body, until }), expected: after };
}
