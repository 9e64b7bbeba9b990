import { isCreation, type Lane, laneOf } from '@jobstream/domain';
import { TRACEPARENT } from '../connection/headers.ts';
import type { ReceivedMessage } from '../connection/consumerMessage.ts';
import { decodeStoredEvent, type RecordedEvent } from '../read/logEntry.ts';
import { decodeFiredTimer } from '../timers/firedTimer.ts';
import type { ClaimPermit } from './admission/admissionController.ts';
import type { Undelivered } from './redeliveryGuard.ts';

/**
 * One work message of a job, held until it is acknowledged or handed back. It comes from the log (`recorded` is the
 * event that calls for work) or from a timer that fired. Delivery is at-least-once.
 */
export interface Delivery {
  readonly jobId: string;
  readonly jobType: string;
  readonly recorded?: Dispatch;
  /** Of jobs with this priority was the message, when it was stored; undefined for normal. */
  readonly priority?: Lane | undefined;
  /** Identifies the message, the same on each redelivery: the event's id, or `timer:` and the timer's sequence. */
  readonly causationId: string;
  /** Of a timer that fired: the instant for which it was set, which the server's clock has reached. */
  readonly dueAt?: string;
  /** 1 for the first delivery; the count may start again after a crash of the server. */
  readonly deliveryCount: number;
  /** The W3C `traceparent` of the message. */
  readonly traceparent?: string | undefined;
  /**
   * Acquires the slot to run the job. Call it once the job is claimed, or before; further calls return the same slot.
   * False means that no slot became free in time, and the claim must be given up.
   */
  acquireSlot(): true | Promise<boolean>;
  /** Lets another delivery begin, as soon as the rest of this one needs no slot. Can be repeated. */
  releaseSlot(): void;
  /** Settles the message for good. */
  ack(): void;
  /** Hands the message back, to be delivered again at once or after `delayMs`. */
  nak(delayMs?: number): void;
  /** Restarts the server's wait for the acknowledgement. */
  keepAlive(): void;
}

/** An event that calls for work. `isFirst`: the server has checked that it is the first of its job, not a copy of it. */
interface Dispatch extends Pick<RecordedEvent, 'sequence' | 'event'> {
  readonly isFirst: boolean;
}

/** A message decoded to a delivery, or why it makes none now. */
export type DecodedDelivery<Item = MessageDelivery> =
  { readonly kind: 'delivery'; readonly delivery: Item } | Undelivered;

type DeliveryFields = Pick<Delivery, 'jobId' | 'jobType' | 'causationId' | 'priority'> &
  Partial<Pick<Delivery, 'recorded' | 'dueAt' | 'deliveryCount'>>;

/** A delivery backed by a message. A class, because an object literal would allocate a closure for each method. */
export class MessageDelivery implements Delivery {
  readonly jobId: string;
  readonly jobType: string;
  readonly causationId: string;
  readonly recorded?: NonNullable<Delivery['recorded']>;
  readonly priority: Lane | undefined;
  readonly dueAt?: string;
  readonly deliveryCount: number;
  readonly traceparent: string | undefined;
  /** Length of the message's body. */
  readonly bytes: number;
  readonly #message: ReceivedMessage;
  #permit: ClaimPermit | undefined;

  /** The delivery count is the message's own unless `fields` has one. */
  constructor(message: ReceivedMessage, fields: DeliveryFields) {
    const { jobId, jobType, causationId, recorded, priority, dueAt, deliveryCount } = fields;
    this.jobId = jobId;
    this.priority = priority;
    this.jobType = jobType;
    this.causationId = causationId;
    if (recorded !== undefined) this.recorded = recorded;
    if (dueAt !== undefined) this.dueAt = dueAt;
    this.deliveryCount = deliveryCount ?? message.deliveryCount;
    this.traceparent = message.header(TRACEPARENT);
    this.bytes = message.size();
    this.#message = message;
  }

  /** Lets the delivery be worked on from now on. */
  admit(permit: ClaimPermit): void {
    this.#permit = permit;
  }

  acquireSlot(): true | Promise<boolean> {
    return this.#permit?.acquireSlot() ?? Promise.resolve(false);
  }

  releaseSlot(): void {
    this.#permit?.release(true);
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

/** Decodes an event that calls for work from the log. */
export function decodeEventDelivery(message: ReceivedMessage): DecodedDelivery {
  const decoded = decodeStoredEvent(message.subject, message.text(), (name) => message.header(name));
  if (decoded.kind === 'malformed') return decoded;
  if (decoded.kind === 'newer') return { kind: 'newer', reason: decoded.reason };
  const { event } = decoded;
  const { id: causationId, jobId, jobType } = event;
  // A creation counts as an event only if the server has found nothing of its job before it.
  const recorded = { sequence: message.sequence, event, isFirst: isCreation(event) };
  const priority = 'priority' in event.data ? laneOf(event.data.priority) : undefined;
  const fields = { jobId, jobType, causationId, recorded, priority };
  return { kind: 'delivery', delivery: new MessageDelivery(message, fields) };
}

/** Decodes a timer that fired; `reached` is an instant that the server's clock has reached, in milliseconds since 1970. */
export function decodeDueDelivery(message: ReceivedMessage, reached: number): DecodedDelivery {
  const timer = decodeFiredTimer(message, reached);
  return timer.kind === 'due' ? { kind: 'delivery', delivery: new MessageDelivery(message, timer) } : timer;
}
