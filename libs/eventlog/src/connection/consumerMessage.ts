import { timestampOf } from '@jobstream/domain';
import type { Msg } from '@nats-io/transport-node';
import type { AckBuffer } from './ackBuffer.ts';

const ACK = Buffer.from('+ACK');
const WORKING = Buffer.from('+WPI');
const TERM = Buffer.from('+TERM');
const NANOS_PER_MS = 1_000_000;
const UTF_8 = new TextDecoder();

/**
 * A message of a pull consumer and the ways to answer for it. Where it stands is in its reply subject:
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
  readonly #answers: AckBuffer;
  readonly #nanos: number;
  #body: Uint8Array | undefined;

  constructor(answers: AckBuffer, message: Msg) {
    this.#answers = answers;
    this.#message = message;
    this.#reply = message.reply ?? '';
    this.subject = message.subject;
    const dots = dotsIn(this.#reply);
    const first = dots.length === 8 ? 3 : 5;
    const token = (index: number) => Number(this.#reply.slice((dots[index] ?? 0) + 1, dots[index + 1]));
    this.deliveryCount = token(first);
    this.sequence = token(first + 1);
    this.deliverySequence = token(first + 2);
    this.#nanos = token(first + 3);
  }

  text(): string {
    return UTF_8.decode(this.body());
  }

  body(): Uint8Array {
    return (this.#body ??= this.#message.data);
  }

  header(name: string): string | undefined {
    return mayHaveHeader(this.body(), name) ? this.#message.headers?.get(name) : undefined;
  }

  size(): number {
    return this.body().length;
  }

  storedAt(): string {
    return timestampOf(this.#nanos / NANOS_PER_MS);
  }

  ack(): void {
    this.#answer(ACK);
  }

  keepAlive(): void {
    this.#answer(WORKING);
  }

  nak(delayMs = 0): void {
    this.#answer(Buffer.from(delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * NANOS_PER_MS)}}` : '-NAK'));
  }

  /** Takes the message out of the consumer for good: no worker can make sense of it. */
  term(): void {
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

/** Where the tokens of a subject part: a third of the time that `split` takes, which makes a text of each. */
function dotsIn(subject: string): readonly number[] {
  const dots: number[] = [];
  for (let dot = subject.indexOf('.'); dot !== -1; dot = subject.indexOf('.', dot + 1)) dots.push(dot);
  return dots;
}

const HEADERS_BEGIN = 'NATS/1.0\r\n';
const HEADERS_END = '\r\n\r\n';

/**
 * The client reads all headers of a message to give one, which takes as long as reading the body. But it hands out bodies as
 * views of the bytes that came, and there the headers stand right before the body: whether the name is among them can be
 * seen at once. Where they do not stand there, nothing is known.
 */
function mayHaveHeader({ buffer, byteOffset }: Uint8Array, name: string): boolean {
  const before = Buffer.from(buffer, 0, byteOffset);
  const begin = before.lastIndexOf(HEADERS_BEGIN);
  if (begin < 0 || before.lastIndexOf(HEADERS_END) !== before.length - HEADERS_END.length) return true;
  return before.includes(name, begin);
}
