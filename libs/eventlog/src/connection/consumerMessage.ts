import { timestampOf } from '@jobstream/domain';
import type { Msg } from '@nats-io/transport-node';
import type { AckBuffer } from './ackBuffer.ts';
import { headerBlock, writtenHeader, type HeaderBlock } from './receivedHeaders.ts';

const ACK = Buffer.from('+ACK');
const WORKING = Buffer.from('+WPI');
const TERM = Buffer.from('+TERM');
const NANOS_PER_MS = 1_000_000;
/** The digits of a time in nanoseconds behind those of its milliseconds. */
const NANOS_DIGITS = 6;
const UTF_8 = new TextDecoder();

/**
 * A message delivered by a pull consumer, and its settlement: ack, nak, term. Its position is in the reply subject:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`, with a domain
 * and an account hash before the stream on some servers.
 */
export class ConsumerMessage {
  readonly subject: string;
  readonly deliveryCount: number;
  readonly sequence: number;
  /** Counts the deliveries of the consumer: 1, 2, … */
  readonly deliverySequence: number;
  readonly #message: Msg;
  readonly #reply: string;
  readonly #acks: AckBuffer;
  readonly #storedAtMs: number;
  #body: Uint8Array | undefined;
  #headers: HeaderBlock | undefined;

  constructor(acks: AckBuffer, message: Msg) {
    this.#acks = acks;
    this.#message = message;
    this.#reply = message.reply ?? '';
    this.subject = message.subject;
    const dots = dotsIn(this.#reply);
    const first = dots.length === 8 ? 3 : 5;
    const token = (index: number, cut = 0) =>
      Number(this.#reply.slice((dots[index] ?? 0) + 1, (dots[index + 1] ?? 0) - cut));
    this.deliveryCount = token(first);
    this.sequence = token(first + 1);
    this.deliverySequence = token(first + 2);
    // A number holds no nanoseconds since 1970: it is off by up to 128 of them, and can lie in the next millisecond.
    this.#storedAtMs = token(first + 3, NANOS_DIGITS);
  }

  text(): string {
    return UTF_8.decode(this.body());
  }

  body(): Uint8Array {
    return (this.#body ??= this.#message.data);
  }

  header(name: string): string | undefined {
    return writtenHeader((this.#headers ??= headerBlock(this.#message)), name);
  }

  size(): number {
    return this.body().length;
  }

  /** Returns how many messages the consumer has still to deliver after this one. */
  pending(): number {
    const tokens = this.#reply.split('.');
    return Number(tokens[tokens.length === 9 ? 8 : 10]);
  }

  storedAt(): string {
    return timestampOf(this.storedAtMs());
  }

  /** Returns when the message was stored, in whole milliseconds since 1970 by the server's clock. */
  storedAtMs(): number {
    return this.#storedAtMs;
  }

  /** Settles the delivery: it does not come again. */
  ack(): void {
    this.#settle(ACK);
  }

  /** Restarts the server's ack wait while the work goes on. */
  keepAlive(): void {
    this.#settle(WORKING);
  }

  /** Asks for a redelivery, not before `delayMs`. */
  nak(delayMs = 0): void {
    this.#settle(Buffer.from(delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * NANOS_PER_MS)}}` : '-NAK'));
  }

  /** Removes the message from the consumer for good: no worker can decode it. */
  term(): void {
    this.#settle(TERM);
  }

  /** A settlement that is lost with the connection leads to a redelivery. */
  #settle(body: Uint8Array): void {
    this.#acks.send(this.#reply, body);
  }
}

/** A message as a consumer delivers it, wherever it is stored. */
export type ReceivedMessage = Pick<ConsumerMessage, keyof ConsumerMessage>;

/** The positions of the dots. Takes a third of the time of `split`, which makes a string of each token. */
function dotsIn(subject: string): readonly number[] {
  const dots: number[] = [];
  for (let dot = subject.indexOf('.'); dot !== -1; dot = subject.indexOf('.', dot + 1)) dots.push(dot);
  return dots;
}
