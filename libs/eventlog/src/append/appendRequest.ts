import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { eventSubject, expectationFilter } from '../streams/jobSubjects.ts';
import { ConcurrentAppendError } from '../errors.ts';

/** An event as the appender sees it, whatever it is about. */
export interface AppendRequest {
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

export function jobAppendRequest(event: JobEvent, traceparent?: string): AppendRequest {
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

/** An append on its way: what to store, what it expects, and whom to tell. Times are of `performance.now()`. */
export interface PendingAppend {
  readonly eventId: string;
  readonly kind: AppendRequest['kind'];
  readonly owner: string;
  readonly subject: string;
  readonly filter: string;
  readonly traceparent?: string | undefined;
  readonly body: Uint8Array;
  readonly expected: number;
  readonly deadline: number;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
  /** Set once an outcome was unknown: from then on a conflict may be our own first try. */
  uncertain: boolean;
  /** Set once its outcome was told. */
  settled: boolean;
}

/** Another writer was faster. */
export function movedOn({ kind, owner, expected }: PendingAppend): ConcurrentAppendError {
  return new ConcurrentAppendError(`${kind} ${owner}`, expected);
}
