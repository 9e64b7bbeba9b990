import type { Delivery } from './delivery.ts';
import { TRACEPARENT } from '../connection/headers.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import type { ClaimPermit } from './admission/claimPermit.ts';

/** What a message calls for; the count is its own if none is given. */
export type DeliveryFields = Pick<Delivery, 'jobId' | 'jobType' | 'causationId'> &
  Partial<Pick<Delivery, 'recorded' | 'deliveryCount'>>;

/** A delivery made of a message. Of a class, since a literal would need a function of its own for each way to answer. */
export class MessageDelivery implements Delivery {
  readonly jobId: string;
  readonly jobType: string;
  readonly causationId: string;
  readonly recorded?: NonNullable<Delivery['recorded']>;
  readonly deliveryCount: number;
  readonly traceparent: string | undefined;
  /** Length of the message's body. */
  readonly bytes: number;
  readonly #message: ConsumerMessage;
  #pass: ClaimPermit | undefined;

  constructor(message: ConsumerMessage, { jobId, jobType, causationId, recorded, deliveryCount }: DeliveryFields) {
    this.jobId = jobId;
    this.jobType = jobType;
    this.causationId = causationId;
    if (recorded !== undefined) this.recorded = recorded;
    this.deliveryCount = deliveryCount ?? message.deliveryCount;
    this.traceparent = message.header(TRACEPARENT);
    this.bytes = message.size();
    this.#message = message;
  }

  /** It is its turn: from now on it may be worked on. */
  admit(pass: ClaimPermit): void {
    this.#pass = pass;
  }

  acquireSlot(): true | Promise<boolean> {
    return this.#pass?.acquireSlot() ?? Promise.resolve(false);
  }

  releaseSlot(): void {
    this.#pass?.release(true);
  }

  ack(): void {
    this.#message.ack();
  }

  nak(delayMs?: number): void {
    this.#message.nak(delayMs);
  }

  keepAlive(): void {
    this.#message.keepAlive();
  }
}
