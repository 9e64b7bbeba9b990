import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

export interface BaselineMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** What the last sequence under `filter`, or under its own subject, has to be. */
  readonly expected: number;
  readonly filter?: string;
}

/**
 * The least that a pipelined publish with an expectation can cost: one inbox, a number for each message, a callback. It
 * knows no deadline, no batch and no second try; whatever the server refuses ends the process.
 */
export class BaselinePublisher {
  readonly #nats: NatsConnection;
  readonly #inbox = `${createInbox()}.`;
  readonly #callbacks = new Map<number, (sequence: number) => void>();
  #count = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    nats.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#onAnswer(message) });
  }

  publish(message: BaselineMessage, onStored: (sequence: number) => void): void {
    this.#count += 1;
    this.#callbacks.set(this.#count, onStored);
    const headers = headerBlock(expectationLines(message));
    this.#nats.publish(message.subject, message.body, { reply: this.#inbox + this.#count, headers });
  }

  #onAnswer(message: Msg): void {
    const number = Number(message.subject.slice(this.#inbox.length));
    const callback = this.#callbacks.get(number);
    this.#callbacks.delete(number);
    callback?.(sequenceIn(message.string()));
  }
}

export function expectationLines({ expected, filter }: Pick<BaselineMessage, 'expected' | 'filter'>): string {
  const filterLine = filter === undefined ? '' : `Nats-Expected-Last-Subject-Sequence-Subject: ${filter}\r\n`;
  return `Nats-Expected-Last-Subject-Sequence: ${expected}\r\n${filterLine}`;
}

export function headerBlock(lines: string): MsgHdrs {
  const block = Buffer.from(`NATS/1.0\r\n${lines}\r\n`, 'latin1');
  return { encode: () => block } as unknown as MsgHdrs;
}

export function sequenceIn(answer: string): number {
  const at = answer.indexOf('"seq":');
  if (at < 0 || answer.includes('"error"')) endProcess(`the server refused a message: ${answer}`);
  return Number.parseInt(answer.slice(at + 6), 10);
}

/** An error that is thrown to the client library ends nothing. */
function endProcess(why: string): never {
  console.error(why);
  process.exit(1);
}
