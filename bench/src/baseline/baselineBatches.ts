import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { type BaselineMessage, expectationLines, headerBlock, sequenceIn } from './baselinePublisher.ts';

interface Waiting {
  readonly message: BaselineMessage;
  readonly onStored: (sequence: number) => void;
}

/** Where ours changes over from single messages to batches that are staged in memory, and how many of either are under way. */
const FEW = 4;
const SINGLES = 8;
const BATCHES = 2;
const MOST = 1_000;

/**
 * The least that a group commit can cost: what waits goes out as one atomic batch, which the server syncs once, or message
 * by message if it is little. No deadline, no second try.
 */
export class BaselineBatches {
  readonly #nats: NatsConnection;
  readonly #inbox = `${createInbox()}.`;
  readonly #open = new Map<number, readonly Waiting[]>();
  #batches = 0;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #count = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    nats.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#onAnswer(message) });
  }

  publish(message: BaselineMessage, onStored: (sequence: number) => void): void {
    this.#waiting.push({ message, onStored });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length >= FEW && this.#batches < BATCHES) this.#commit(this.#waiting.splice(0, MOST));
    if (this.#waiting.length >= FEW) return;
    const singles = SINGLES - (this.#open.size - this.#batches);
    for (const single of this.#waiting.splice(0, singles))
      this.#send(single, expectationLines(single.message), [single]);
  }

  #commit(batch: readonly Waiting[]): void {
    this.#batches += 1;
    const id = crypto.randomUUID();
    for (const [index, waiting] of batch.entries()) {
      const last = index === batch.length - 1;
      const place = `Nats-Batch-Id: ${id}\r\nNats-Batch-Sequence: ${index + 1}\r\n`;
      const lines = expectationLines(waiting.message) + place;
      if (last) this.#send(waiting, `${lines}Nats-Batch-Commit: 1\r\n`, batch);
      else this.#send(waiting, lines);
    }
  }

  /** One that stands for all of `answered` is answered. */
  #send({ message: { subject, body } }: Waiting, lines: string, answered?: readonly Waiting[]): void {
    const headers = headerBlock(lines);
    if (answered === undefined) return this.#nats.publish(subject, body, { headers });
    this.#count += 1;
    this.#open.set(this.#count, answered);
    this.#nats.publish(subject, body, { headers, reply: this.#inbox + this.#count });
  }

  #onAnswer(answer: Msg): void {
    const number = Number(answer.subject.slice(this.#inbox.length));
    const stored = this.#open.get(number) ?? [];
    this.#open.delete(number);
    if (stored.length > 1) this.#batches -= 1;
    const first = sequenceIn(answer.string()) - stored.length + 1;
    for (const [index, { onStored }] of stored.entries()) onStored(first + index);
    this.#schedule();
  }
}
