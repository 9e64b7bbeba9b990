import type { MsgHdrs } from '@nats-io/transport-node';
import type { PublishOutcome, Refusal } from '../../src/connection/publisher.ts';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../../src/connection/headers.ts';

/** A message on its way to a ModelStream. */
export interface ModelMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: MsgHdrs;
}

interface Stored extends ModelMessage {
  readonly sequence: number;
}

const WRONG_LAST_SEQUENCE: Refusal = { kind: 'refused', code: 10_071, description: 'wrong last sequence' };

/** A stream in memory that checks expectations as nats-server does: modelStream.test.ts compares the two. */
export class ModelStream {
  readonly messages: Stored[] = [];

  get lastSequence(): number {
    return this.messages.length;
  }

  /** Stores a message, or all messages of an atomic batch, or none of them. */
  take(batch: readonly ModelMessage[]): PublishOutcome {
    if (!batch.every((message) => this.#isExpected(message))) return WRONG_LAST_SEQUENCE;
    for (const message of batch) this.messages.push({ ...message, sequence: this.messages.length + 1 });
    return { kind: 'stored', sequence: this.messages.length };
  }

  last(filter: string): Stored | undefined {
    const tokens = filter.split('.');
    return this.messages.findLast(({ subject }) => {
      const parts = subject.split('.');
      return tokens.every((token, index) => token === '>' || token === '*' || token === parts[index]);
    });
  }

  /** The sequences of the messages with this text in their body. */
  sequencesOf(text: string): readonly number[] {
    return this.messages.flatMap(({ body, sequence }) => (Buffer.from(body).includes(text) ? [sequence] : []));
  }

  #isExpected({ subject, headers }: ModelMessage): boolean {
    const expected = headerOf(headers, EXPECTED_SEQUENCE);
    const filter = headerOf(headers, EXPECTED_FILTER) ?? subject;
    return expected === undefined || (this.last(filter)?.sequence ?? 0) === Number(expected);
  }
}

/** The value of a header, as it is sent. */
export function headerOf(headers: MsgHdrs, name: string): string | undefined {
  const lines = Buffer.from(encodedBytes(headers)).toString('latin1');
  return new RegExp(`^${name}: ([^\\r]*)`, 'm').exec(lines)?.[1];
}

/** The headers as they are sent. */
export function encodedBytes(headers: MsgHdrs): Uint8Array {
  return (headers as unknown as { encode(): Uint8Array }).encode();
}
