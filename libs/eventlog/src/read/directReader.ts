import { timestampOf } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { isStoredMessage, ManyAnswers } from './manyAnswers.ts';
import type { Connection } from '../connection/connection.ts';
import {
  addedHeader,
  allHeaders,
  headerBlock,
  writtenHeader,
  writtenPart,
  type HeaderBlock,
} from '../connection/receivedHeaders.ts';
import { LogUnavailableError } from '../errors.ts';
import { JOBS_STREAM } from '../streams/streams.ts';
import { expectationOf, type StoredExpectation } from './jobLink.ts';

/** A message as the stream stores it. */
export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly recordedAt: string;
  /** What its append expected, which the server has checked. */
  readonly expectation: StoredExpectation;
  readonly text: string;
  /** Returns a header that its writer sent. */
  readonly header: (name: string) => string | undefined;
}

/** Some messages, oldest first, and whether there are more. */
interface Page {
  readonly messages: readonly StoredMessage[];
  readonly isMore: boolean;
}

/** A message of the log, byte for byte as the stream stores it. */
export interface StoredBytes {
  readonly sequence: number;
  readonly subject: string;
  /** The server's clock, RFC 3339. */
  readonly recordedAt: string;
  /** The headers that its writer sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** There are more subjects, or bytes in their newest messages, than the server returns at once. */
export class TooManySubjectsError extends LogUnavailableError {}

/** Messages `first` to `last`, without a gap; both 0 where there are none. */
export interface SequenceSpan {
  readonly first: number;
  readonly last: number;
}

const END_OF_BATCH = 204;
const NOT_FOUND = 404;
const TOO_MANY_RESULTS = 413;
/** Bytes that one request may bring into memory. */
const MAX_BYTES = 8_000_000;
/** Messages of one request of a filtered read. */
const PAGE = 256;

/**
 * Reads messages of a stream, by default JOBS, without a consumer, from any replica: a replica may lag behind the leader, so a read
 * may be a little stale. The client library's own batch read leaks a subscription on each call. Every method rejects with
 * LogUnavailableError.
 */
export class DirectReader {
  readonly #connection: Connection;
  readonly #requests: ManyAnswers;
  readonly #stream: string;

  constructor(connection: Connection, deadlineMs: number, stream = JOBS_STREAM) {
    this.#connection = connection;
    this.#stream = stream;
    this.#requests = new ManyAnswers(connection, deadlineMs);
  }

  /**
   * Returns the newest message of each subject under the filters, oldest first.
   *
   * @throws TooManySubjectsError when they are more than the server returns at once.
   */
  async newestOfEachSubject(...filters: string[]): Promise<StoredMessage[]> {
    const answers = await this.#answers({ multi_last: filters });
    // The server ends a batch early, without an error, when it would exceed its limit of pending bytes.
    const last = answers.at(-1);
    const missing = Number((last && addedHeader(headerBlock(last), 'Nats-Num-Pending')) ?? 0);
    if (missing > 0) throw new TooManySubjectsError(`a read ended before the last ${missing} messages`);
    return withoutSentinel(answers)
      .map(storedMessage)
      .toSorted((left, right) => left.sequence - right.sequence);
  }

  /** Returns the message with this sequence, or undefined if it has expired. */
  async at(sequence: number): Promise<StoredMessage | undefined> {
    const [answer] = await this.#request({ seq: sequence, batch: 1 });
    // A batch read answers with the next message when this one is gone.
    const found = answer === undefined ? undefined : storedMessage(answer);
    return found?.sequence === sequence ? found : undefined;
  }

  /** Returns up to `count` messages and `maxBytes` bytes, at most 8 MB, from this sequence on. */
  async from(
    sequence: number,
    { count, maxBytes = MAX_BYTES }: { count: number; maxBytes?: number },
  ): Promise<StoredMessage[]> {
    return (await this.#request({ seq: sequence, batch: count, max_bytes: maxBytes })).map(storedMessage);
  }

  /** Returns up to `count` messages and 8 MB under the filter from this sequence on, and whether there are more. */
  page(filter: string, sequence: number, count = PAGE): Promise<Page> {
    return this.pageFrom(filter, { seq: sequence }, count);
  }

  /** As `page`, with up to `count` messages, from a sequence or a time (RFC 3339) on. */
  async pageFrom(
    filter: string,
    from: { readonly seq: number } | { readonly start_time: string },
    count: number,
  ): Promise<Page> {
    const query = { ...from, next_by_subj: filter, batch: count, max_bytes: MAX_BYTES };
    const answers = await this.#request(query);
    const last = answers.at(-1);
    // The server need not be asked for more to find that there is nothing, for which it may search the rest of the log.
    const isMore = last !== undefined && addedHeader(headerBlock(last), 'Nats-Num-Pending') !== '0';
    return { messages: answers.map(storedMessage), isMore };
  }

  /** As `from`, byte for byte and with the headers. */
  async bytesFrom(sequence: number, { count, maxBytes }: { count: number; maxBytes: number }): Promise<StoredBytes[]> {
    return (await this.#request({ seq: sequence, batch: count, max_bytes: maxBytes })).map(storedBytes);
  }

  async #request(query: object): Promise<Msg[]> {
    return withoutSentinel(await this.#answers(query));
  }

  async #answers(query: object): Promise<Msg[]> {
    try {
      if (!this.#connection.isConnected()) throw new Error('not connected');
      return await this.#requests.request(`$JS.API.DIRECT.GET.${this.#stream}`, JSON.stringify(query));
    } catch (error) {
      throw new LogUnavailableError('a read failed', { cause: error });
    }
  }
}

/** Reads the log as plain messages, whatever they are about. Every method rejects with LogUnavailableError. */
export class LogMessages {
  readonly #manager: JetStreamManager;
  readonly #direct: DirectReader;

  constructor(manager: JetStreamManager, direct: DirectReader) {
    this.#manager = manager;
    this.#direct = direct;
  }

  /**
   * Returns the span of the messages in the log. A log whose messages have all expired begins after its end, so messages
   * up to `first - 1` are always the expired ones.
   */
  async span(): Promise<SequenceSpan> {
    try {
      const { first_seq: first, last_seq: last } = (await this.#manager.streams.info(JOBS_STREAM)).state;
      return { first: Math.max(first, 1), last };
    } catch (error) {
      throw new LogUnavailableError('its last sequence could not be read', { cause: error });
    }
  }

  /** Returns up to `count` messages, and up to 8 MB of them, from this sequence on. */
  from(sequence: number, { count }: { count: number }): Promise<readonly StoredBytes[]> {
    return this.#direct.bytesFrom(sequence, { count, maxBytes: MAX_BYTES });
  }
}

/** The library ends quietly at its timeout, so only the closing status tells that the answer is complete. */
function withoutSentinel(answers: Msg[]): Msg[] {
  const last = answers.pop();
  const status = last === undefined || isStoredMessage(last) ? undefined : last.headers?.code;
  if (status === END_OF_BATCH) return answers;
  if (status === NOT_FOUND && answers.length === 0) return [];
  if (status === TOO_MANY_RESULTS) throw new TooManySubjectsError('there are more subjects than the server returns');
  throw new LogUnavailableError(status === undefined ? 'no answer within the deadline' : `a read ended with ${status}`);
}

function storedMessage(answer: Msg): StoredMessage {
  const block = headerBlock(answer);
  const header = (name: string) => writtenHeader(block, name);
  return {
    ...placeOf(block),
    header,
    expectation: expectationOf(header),
    text: answer.string(),
  };
}

function storedBytes(answer: Msg): StoredBytes {
  const block = headerBlock(answer);
  const headers = Object.fromEntries(allHeaders(writtenPart(block, 'Nats-Stream')));
  return { ...placeOf(block), headers, body: answer.data };
}

function placeOf(block: HeaderBlock): Pick<StoredMessage, 'sequence' | 'subject' | 'recordedAt'> {
  const added = (name: string) => addedHeader(block, name);
  return {
    sequence: Number(added('Nats-Sequence') ?? ''),
    subject: added('Nats-Subject') ?? '',
    recordedAt: timestampOf(Date.parse(added('Nats-Time-Stamp') ?? '')),
  };
}
