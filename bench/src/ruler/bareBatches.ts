import type { NatsConnection } from '@nats-io/transport-node';
import { createInbox, type Msg } from '@nats-io/transport-node';
import { expectationLines, headerBlock, sequenceIn, type BareMessage } from './barePublisher.ts';

interface Waiting {
  readonly message: BareMessage;
  readonly onStored: (sequence: number) => void;
}

const MOST = 1_000;
const OPEN = 2;

/**
 * The least that a group commit can cost: what waits goes out as one atomic batch, which the server syncs once, while
 * another is under way. No deadline, no second try, no choice between batch and single message.
 */
export class BareBatches {
  readonly #nats: NatsConnection;
  readonly #inbox = `${createInbox()}.`;
  readonly #open = new Map<number, readonly Waiting[]>();
  #waiting: Waiting[] = [];
  #scheduled = false;
  #count = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    nats.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#onAnswer(message) });
  }

  publish(message: BareMessage, onStored: (sequence: number) => void): void {
    this.#waiting.push({ message, onStored });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#open.size >= OPEN || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit(this.#waiting.splice(0, MOST));
      this.#schedule();
    });
  }

  #commit(batch: readonly Waiting[]): void {
    const [number, id] = [++this.#count, crypto.randomUUID()];
    this.#open.set(number, batch);
    for (const [index, { message }] of batch.entries()) {
      const last = index === batch.length - 1;
      const place = `Nats-Batch-Id: ${id}\r\nNats-Batch-Sequence: ${index + 1}\r\n${last ? 'Nats-Batch-Commit: 1\r\n' : ''}`;
      const headers = headerBlock(expectationLines(message) + place);
      this.#nats.publish(message.subject, message.body, last ? { headers, reply: this.#inbox + number } : { headers });
    }
  }

  #onAnswer(answer: Msg): void {
    const number = Number(answer.subject.slice(this.#inbox.length));
    const batch = this.#open.get(number) ?? [];
    this.#open.delete(number);
    const first = sequenceIn(answer.string()) - batch.length + 1;
    for (const [index, { onStored }] of batch.entries()) onStored(first + index);
    this.#schedule();
  }
}
