import type { StartRate } from './admission/rateLimiter.ts';
import type { Delivery } from './delivery.ts';

export interface JobQueueOptions {
  readonly jobType: string;
  /** Slots: deliveries run at once. More may be claiming their job before they acquire a slot. */
  readonly concurrency: number;
  /** Deliveries started in a period; those that turn out to start nothing do not count. */
  readonly rate?: StartRate | undefined;
  readonly ackWaitMs: number;
  /**
   * Must not reject. The delivery's slot is free again when the promise settles, if not before. False says that there was
   * nothing to start.
   */
  readonly onDelivery: (delivery: Delivery) => Promise<boolean | void>;
}

/** Takes deliveries of a job type until it is stopped. */
export interface OpenQueue {
  /** Stops taking deliveries, hands back those that have not begun, and waits for the handlers of the others. */
  stop(): Promise<void>;
}
