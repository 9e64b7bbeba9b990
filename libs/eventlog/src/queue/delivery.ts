import type { RecordedEvent } from '../read/recordedEvent.ts';

/**
 * One call for work on a job, held until it is acknowledged or handed back. It comes from the log (`recorded` is the
 * JobCreated or JobRequeued) or from a timer that fired. Deliveries are at-least-once.
 */
export interface Delivery {
  readonly jobId: string;
  readonly jobType: string;
  readonly recorded?: Pick<RecordedEvent, 'sequence' | 'event'>;
  /** Names this message, the same on each redelivery: the event's id, or `timer:` and the sequence of the fired timer. */
  readonly causationId: string;
  /** 1 for the first delivery; counts may start again after a crash of the server. */
  readonly deliveryCount: number;
  /** The W3C `traceparent` of what called for the work. */
  readonly traceparent?: string | undefined;
  /**
   * For when the job is claimed, or before: whether it may run, now or in a moment. False when no slot became free in time:
   * then the claim is to be given up. Once it was true it stays so.
   */
  acquireSlot(): true | Promise<boolean>;
  /** Lets another delivery begin: what is left to do for this one needs no slot of the queue. Twice is fine. */
  releaseSlot(): void;
  /** The call was answered for good. */
  ack(): void;
  /** Hands the message back, to be delivered again at once or after `delayMs`. */
  nak(delayMs?: number): void;
  /** Tells the server that the work goes on, which restarts the wait for the acknowledgement. */
  keepAlive(): void;
}
