import type { JobEvent } from '@jobstream/domain';
import type { Delivery } from './delivery.ts';
import type { EventFeed } from './eventFeed.ts';
import type { JobSnapshot } from './jobSnapshot.ts';
import type { RecordedEvent } from './recordedEvent.ts';

export interface EventLogOptions {
  /** One URL or several, separated by commas. */
  readonly url: string;
  /** Shown to operators in the server's list of connections, e.g. `api`. */
  readonly name: string;
  readonly credsFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly replicas?: number;
  readonly maxAgeMs?: number;
  readonly groupCommit?: boolean;
  /** How long an append or a read may take altogether, reconnecting included; 4,000 ms unless told. */
  readonly deadlineMs?: number;
  /** Appends that may wait at once before further ones are refused; 20,000 unless told. */
  readonly maxWaiting?: number;
}

export interface JobQueueOptions {
  readonly jobType: string;
  /** Deliveries held at once. */
  readonly concurrency: number;
  readonly ackWaitMs: number;
  /** Must not reject; the delivery's slot is free again when the promise settles. */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
}

/** Deliveries of one job type. `stop` stops pulling, then waits for the handlers of the held deliveries. */
export interface JobQueue {
  stop(): Promise<void>;
}

/** The event log on NATS JetStream: the only door to it. */
export declare class EventLog {
  readonly name: string;
  constructor(options: EventLogOptions);
  /** Connects, checks the server's version, creates the streams or checks them. UnsupportedServerError, StreamMismatchError, LogUnavailableError. */
  start(): Promise<void>;
  stop(): Promise<void>;
  isConnected(): boolean;
  /** Appends one event to its job and returns its sequence. ConcurrentAppendError, LogUnavailableError, LogOverloadedError, EventTooLargeError. */
  append(event: JobEvent, expectedSequence: number): Promise<number>;
  /** The job's state, or undefined if there is no such job; knowing its type makes it a little faster. */
  readJob(jobId: string, jobType?: string): Promise<JobSnapshot | undefined>;
  /** All events of a job, oldest first; empty if there is no such job. */
  readHistory(jobId: string): Promise<readonly RecordedEvent[]>;
  /** The sequence of the newest message, 0 for an empty log. */
  lastSequence(): Promise<number>;
  /** Follows the log from the message after `after`. */
  follow(options: { after: number }): EventFeed;
  /** Asks for a delivery of the job at the instant `at` or soon after; asking again replaces the earlier wish. */
  scheduleWake(wake: { jobId: string; jobType: string; at: string }): Promise<void>;
  /** Starts taking deliveries of a job type: created, requeued, and due. */
  openQueue(options: JobQueueOptions): Promise<JobQueue>;
}
