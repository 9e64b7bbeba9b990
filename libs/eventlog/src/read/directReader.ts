import type { Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { LogUnavailableError } from '../errors.ts';
import { EXPECTED_SEQUENCE } from '../connection/headers.ts';
import type { StoredBytes } from './logArchive.ts';
import { JOBS_STREAM } from '../streams/streams.ts';

/** A message as the stream keeps it. */
export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly recordedAt: string;
  /** The sequence that its append expected: that of the job's previous event. Undefined if its writer sent none. */
  readonly expected: number | undefined;
  readonly text: string;
}

/** What the server adds to a message that it hands out. */
const ADDED_HEADERS = /^Nats-(Stream|Subject|Sequence|Time-Stamp|Num-Pending|Last-Sequence|UpTo-Sequence)$/i;
const END_OF_BATCH = 204;
const NOT_FOUND = 404;

/**
 * Reads stored messages without a consumer, from any replica: a replica may lag behind the leader, so what is read here
 * is at worst a little old. The client library's own batch read leaves a subscription behind on each call.
 */
export class DirectReader {
  readonly #connection: Connection;
  readonly #deadlineMs: number;

  constructor(connection: Connection, deadlineMs: number) {
    this.#connection = connection;
    this.#deadlineMs = deadlineMs;
  }

  /** The newest message of each subject under the filters, oldest first: LogUnavailableError. */
  async newestOfEachSubject(...filters: string[]): Promise<StoredMessage[]> {
    const answers = await this.#answers({ multi_last: filters });
    // Which the server ends, without an error, where it would have to hold more for us than it may.
    const missing = Number(answers.at(-1)?.headers?.get('Nats-Num-Pending') ?? 0);
    if (missing > 0) throw new LogUnavailableError(`a read ended before the last ${missing} messages`);
    return withoutSentinel(answers)
      .map(storedMessage)
      .toSorted((left, right) => left.sequence - right.sequence);
  }

  /** The message with this sequence, or undefined if the log does not keep it any more: LogUnavailableError. */
  async at(sequence: number): Promise<StoredMessage | undefined> {
    const [answer] = await this.#request({ seq: sequence, batch: 1 });
    // A batch read answers with the next message when this one is gone.
    const found = answer === undefined ? undefined : storedMessage(answer);
    return found?.sequence === sequence ? found : undefined;
  }

  /** The messages from this sequence on, so many and so many bytes at most: LogUnavailableError. */
  async from(sequence: number, { count, maxBytes }: { count: number; maxBytes?: number }): Promise<StoredMessage[]> {
    return (await this.#request({ seq: sequence, batch: count, max_bytes: maxBytes })).map(storedMessage);
  }

  /** As `from`, byte for byte and with the headers. */
  async bytesFrom(sequence: number, { count, maxBytes }: { count: number; maxBytes: number }): Promise<StoredBytes[]> {
    return (await this.#request({ seq: sequence, batch: count, max_bytes: maxBytes })).map(storedBytes);
  }

  async #request(query: object): Promise<Msg[]> {
    return withoutSentinel(await this.#answers(query));
  }

  async #answers(query: object): Promise<Msg[]> {
    const answers: Msg[] = [];
    try {
      if (!this.#connection.isConnected()) throw new Error('not connected');
      const subject = `$JS.API.DIRECT.GET.${JOBS_STREAM}`;
      const options = { strategy: 'sentinel', maxWait: this.#deadlineMs } as const;
      for await (const answer of await this.#connection.nats.requestMany(subject, JSON.stringify(query), options)) {
        answers.push(answer);
      }
    } catch (error) {
      throw new LogUnavailableError('a read failed', { cause: error });
    }
    return answers;
  }
}

/** The library ends quietly when time runs out, so only the closing status tells that the answer is whole. */
function withoutSentinel(answers: Msg[]): Msg[] {
  const status = answers.pop()?.headers?.code;
  if (status === END_OF_BATCH) return answers;
  if (status === NOT_FOUND && answers.length === 0) return [];
  throw new LogUnavailableError(status === undefined ? 'no answer within the deadline' : `a read ended with ${status}`);
}

function storedMessage(answer: Msg): StoredMessage {
  const header = (name: string) => answer.headers?.get(name) ?? '';
  const expected = header(EXPECTED_SEQUENCE);
  return {
    sequence: Number(header('Nats-Sequence')),
    subject: header('Nats-Subject'),
    recordedAt: new Date(header('Nats-Time-Stamp')).toISOString(),
    expected: expected === '' ? undefined : Number(expected),
    text: answer.string(),
  };
}

function storedBytes(answer: Msg): StoredBytes {
  const { sequence, subject, recordedAt } = storedMessage(answer);
  const headers = [...(answer.headers ?? [])].filter(([name]) => !ADDED_HEADERS.test(name));
  const ours = headers.map(([name, values]) => [name, values.join(',')] as const);
  return { sequence, subject, recordedAt, headers: Object.fromEntries(ours), body: answer.data };
}
