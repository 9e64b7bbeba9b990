import type { Connection } from '../connection/connection.ts';
import type { StoredMessage } from './directReader.ts';
import { expectationOf, type StoredExpectation } from './jobLink.ts';
import { isMessageNotFound } from '../connection/serverErrors.ts';
import { JOBS_STREAM } from '../streams/streams.ts';

/** The identity of a stored event and of the one before it. */
export interface StoredLink {
  readonly sequence: number;
  readonly eventId: string | undefined;
  /** Sequence of the job's previous event: 0 for the first, undefined when its writer sent no expectation. */
  readonly previous: number | undefined;
}

interface Message {
  readonly seq: number;
  readonly subject: string;
  readonly time: string;
  readonly hdrs?: string;
  readonly data?: string;
}

interface StoredAnswer {
  readonly message?: Message;
  readonly error?: { readonly err_code: number; readonly description: string };
}

/**
 * Reads single messages from the stream's leader, which has every acknowledged write, unlike the other replicas. Every
 * method rejects after `timeoutMs` with the client library's error.
 */
export class LeaderReader {
  readonly #connection: Connection;
  readonly #stream: string;

  constructor(connection: Connection, stream = JOBS_STREAM) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Returns the link of the newest message on the filter, or undefined if there is none. */
  async last(filter: string, timeoutMs: number): Promise<StoredLink | undefined> {
    return linkOf(await this.#get({ last_by_subj: filter }, timeoutMs));
  }

  /** Returns the link of the message with this sequence, or undefined if there is none. */
  async at(sequence: number, timeoutMs: number): Promise<StoredLink | undefined> {
    return linkOf(await this.#get({ seq: sequence }, timeoutMs));
  }

  /** As `last`, but the whole message. */
  async lastMessage(filter: string, timeoutMs: number): Promise<StoredMessage | undefined> {
    return storedMessage(await this.#get({ last_by_subj: filter }, timeoutMs));
  }

  /** As `at`, but the whole message. */
  async messageAt(sequence: number, timeoutMs: number): Promise<StoredMessage | undefined> {
    return storedMessage(await this.#get({ seq: sequence }, timeoutMs));
  }

  /** Returns the first message on the filter behind this sequence. The server searches for it: there must be one. */
  async messageAfter(filter: string, sequence: number, timeoutMs: number): Promise<StoredMessage | undefined> {
    return storedMessage(await this.#get({ seq: sequence + 1, next_by_subj: filter }, timeoutMs));
  }

  async #get(query: object, timeoutMs: number): Promise<Message | undefined> {
    const subject = `$JS.API.STREAM.MSG.GET.${this.#stream}`;
    const answer = await this.#connection.nats.request(subject, JSON.stringify(query), { timeout: timeoutMs });
    const { message, error } = answer.json<StoredAnswer>();
    if (message !== undefined) return message;
    if (isMessageNotFound(error?.err_code)) return undefined;
    throw new Error(error?.description ?? 'an answer without message');
  }
}

function linkOf(message: Message | undefined): StoredLink | undefined {
  if (message === undefined) return undefined;
  return { sequence: message.seq, eventId: eventIdOf(textOf(message)), previous: expectationIn(message).sequence };
}

function storedMessage(message: Message | undefined): StoredMessage | undefined {
  if (message === undefined) return undefined;
  return {
    sequence: message.seq,
    subject: message.subject,
    recordedAt: new Date(message.time).toISOString(),
    expectation: expectationIn(message),
    text: textOf(message),
    header: (name) => headerOf(message, name),
  };
}

function expectationIn(message: Message): StoredExpectation {
  return expectationOf((name) => headerOf(message, name));
}

function headerOf({ hdrs = '' }: Message, name: string): string | undefined {
  const lines = Buffer.from(hdrs, 'base64').toString('latin1').split('\r\n');
  const line = lines.find((one) => one.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function textOf({ data = '' }: Message): string {
  return Buffer.from(data, 'base64').toString();
}

function eventIdOf(body: string): string | undefined {
  try {
    const event: unknown = JSON.parse(body);
    return typeof event === 'object' && event !== null && 'id' in event ? String(event.id) : undefined;
  } catch {
    return undefined;
  }
}
