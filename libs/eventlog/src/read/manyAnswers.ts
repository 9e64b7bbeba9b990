import type { Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { addedHeader, headerBlock } from '../connection/receivedHeaders.ts';

/** A request that is open: its answers so far, and what ends it. */
interface OpenRequest {
  readonly answers: Msg[];
  readonly end: () => void;
}

/**
 * Requests that are answered with stored messages and a last one that is none. The client library has a function for them,
 * which looks into the headers of empty messages, and closes the connection if their names are none.
 */
export class ManyAnswers {
  readonly #connection: Connection;
  readonly #deadlineMs: number;
  readonly #inbox: string;
  readonly #open = new Map<string, OpenRequest>();
  #serial = 0;

  constructor(connection: Connection, deadlineMs: number) {
    this.#connection = connection;
    this.#deadlineMs = deadlineMs;
    this.#inbox = connection.newInbox();
  }

  /** Returns the answers up to the last one, or those that came until the deadline. */
  async request(subject: string, body: string): Promise<Msg[]> {
    if (this.#serial === 0) this.#subscribe();
    const reply = `${this.#inbox}.${++this.#serial}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const answers: Msg[] = [];
    this.#open.set(reply, { answers, end: resolve });
    const deadline = setTimeout(resolve, this.#deadlineMs);
    try {
      this.#connection.nats.publish(subject, body, { reply });
      await promise;
    } finally {
      clearTimeout(deadline);
      this.#open.delete(reply);
    }
    return answers;
  }

  #subscribe(): void {
    const callback = (_error: Error | null, answer: Msg) => this.#on(answer);
    this.#connection.nats.subscribe(`${this.#inbox}.*`, { callback });
  }

  #on(answer: Msg): void {
    const request = this.#open.get(answer.subject);
    if (request === undefined) return;
    request.answers.push(answer);
    // Not by its size: a stored message may be empty, or carry the status of an end.
    if (!isStoredMessage(answer)) request.end();
  }
}

/** The server adds the sequence to each stored message that it returns, behind what its writer sent. */
export function isStoredMessage(answer: Msg): boolean {
  return addedHeader(headerBlock(answer), 'Nats-Sequence') !== undefined;
}
