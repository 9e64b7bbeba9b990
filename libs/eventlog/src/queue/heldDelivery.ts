import type { Delivery } from './delivery.ts';
import { TRACEPARENT } from '../connection/headers.ts';
import type { HeldMessage } from '../connection/heldMessage.ts';
import type { Pass } from './admission/pass.ts';

/** What a message calls for; the count is its own if none is given. */
export type Call = Pick<Delivery, 'jobId' | 'jobType' | 'cause'> &
  Partial<Pick<Delivery, 'recorded' | 'deliveryCount'>>;

/** A delivery made of a message. Of a class, since a literal would need a function of its own for each way to answer. */
export class HeldDelivery implements Delivery {
  readonly jobId: string;
  readonly jobType: string;
  readonly cause: string;
  readonly recorded?: NonNullable<Delivery['recorded']>;
  readonly deliveryCount: number;
  readonly traceparent: string | undefined;
  /** Length of the message's body. */
  readonly bytes: number;
  readonly #message: HeldMessage;
  #pass: Pass | undefined;

  constructor(message: HeldMessage, { jobId, jobType, cause, recorded, deliveryCount }: Call) {
    this.jobId = jobId;
    this.jobType = jobType;
    this.cause = cause;
    if (recorded !== undefined) this.recorded = recorded;
    this.deliveryCount = deliveryCount ?? message.deliveryCount;
    this.traceparent = message.header(TRACEPARENT);
    this.bytes = message.size();
    this.#message = message;
  }

  /** It is its turn: from now on it may be worked on. */
  admit(pass: Pass): void {
    this.#pass = pass;
  }

  takeSlot(): true | Promise<boolean> {
    return this.#pass?.takeSlot() ?? Promise.resolve(false);
  }

  freeSlot(): void {
    this.#pass?.giveBack(true);
  }

  ack(): void {
    this.#message.ack();
  }

  release(delayMs?: number): void {
    this.#message.release(delayMs);
  }

  keepAlive(): void {
    this.#message.keepAlive();
  }
}
