import type { Msg } from '@nats-io/transport-node';
import type { Outbox } from './outbox.ts';

const ACK = Buffer.from('+ACK');
const WORKING = Buffer.from('+WPI');
const TERM = Buffer.from('+TERM');
const NANOS_PER_MS = 1_000_000;

/**
 * A message of a pull consumer and the ways to answer for it. Where it stands is in its reply subject:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`, with a domain
 * and an account hash before the stream on some servers.
 */
export class HeldMessage {
  readonly subject: string;
  readonly deliveryCount: number;
  readonly sequence: number;
  /** Counts the deliveries of the consumer: 1, 2, … */
  readonly deliverySequence: number;
  readonly #message: Msg;
  readonly #reply: string;
  readonly #answers: Outbox;
  readonly #nanos: number;

  constructor(answers: Outbox, message: Msg) {
    this.#answers = answers;
    this.#message = message;
    this.#reply = message.reply ?? '';
    this.subject = message.subject;
    const tokens = this.#reply.split('.');
    const first = tokens.length === 9 ? 4 : 6;
    this.deliveryCount = Number(tokens[first]);
    this.sequence = Number(tokens[first + 1]);
    this.deliverySequence = Number(tokens[first + 2]);
    this.#nanos = Number(tokens[first + 3]);
  }

  text(): string {
    return this.#message.string();
  }

  body(): Uint8Array {
    return this.#message.data;
  }

  header(name: string): string | undefined {
    return this.#message.headers?.get(name);
  }

  size(): number {
    return this.#message.data.length;
  }

  storedAt(): string {
    return new Date(this.#nanos / NANOS_PER_MS).toISOString();
  }

  ack(): void {
    this.#answer(ACK);
  }

  keepAlive(): void {
    this.#answer(WORKING);
  }

  release(delayMs = 0): void {
    this.#answer(Buffer.from(delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * NANOS_PER_MS)}}` : '-NAK'));
  }

  /** Takes the message out of the consumer for good: no worker can make sense of it. */
  terminate(): void {
    this.#answer(TERM);
  }

  /**
   * An answer given while the connection is away or being closed is lost, and the message comes again: that is what
   * redelivery is for.
   */
  #answer(body: Uint8Array): void {
    this.#answers.send(this.#reply, body);
  }
}
