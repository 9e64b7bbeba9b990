import { timestampOf } from '@jobstream/domain';
import type { ReceivedMessage } from '../connection/consumerMessage.ts';

/** A stored message that calls for work: an event of JOBS, or a timer that has fired. */
export interface WorkMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly text: string;
  /** In milliseconds since 1970. */
  readonly storedAt: number;
  readonly header: (name: string) => string | undefined;
}

/** How a delivery was settled; `again` asks for a redelivery after `delayMs`. */
export type MessageSettlement = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number };

/** One delivery of a message. Only its first settlement counts. */
export class MemoryMessage implements ReceivedMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly deliveryCount: number;
  readonly deliverySequence: number;
  readonly #message: WorkMessage;
  readonly #onSettled: (settlement: MessageSettlement) => void;
  readonly #body: Uint8Array;

  constructor(
    message: WorkMessage,
    { count, serial }: { readonly count: number; readonly serial: number },
    onSettled: (settlement: MessageSettlement) => void,
  ) {
    this.subject = message.subject;
    this.sequence = message.sequence;
    this.deliveryCount = count;
    this.deliverySequence = serial;
    this.#message = message;
    this.#onSettled = onSettled;
    this.#body = Buffer.from(message.text);
  }

  text(): string {
    return this.#message.text;
  }

  body(): Uint8Array {
    return this.#body;
  }

  header(name: string): string | undefined {
    return this.#message.header(name);
  }

  size(): number {
    return this.#body.length;
  }

  pending(): number {
    return 0;
  }

  storedAt(): string {
    return timestampOf(this.storedAtMs());
  }

  storedAtMs(): number {
    return this.#message.storedAt;
  }

  ack(): void {
    this.#onSettled({ kind: 'done' });
  }

  term(): void {
    this.#onSettled({ kind: 'done' });
  }

  nak(delayMs = 0): void {
    this.#onSettled({ kind: 'again', delayMs });
  }

  /** A worker that lives keeps its messages here for as long as it likes. */
  keepAlive(): void {}
}
