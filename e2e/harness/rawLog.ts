import type { NatsConnection } from '@nats-io/transport-node';

/** A message as the stream holds it, read by its sequence. */
export interface RawMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When the server stored it, in milliseconds since 1970. */
  readonly storedAt: number;
}

export interface RawLog {
  /** Sequences that the stream says it holds. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: readonly RawMessage[];
}

interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly time: string;
  readonly hdrs?: string;
  readonly data?: string;
}

interface ApiError {
  readonly code: number;
  readonly description: string;
}

const NOT_FOUND = 404;
const IN_FLIGHT = 64;
/** Not longer: a cluster that elects its leaders answers nothing, and those who wait for it ask again. */
const OPTIONS = { timeout: 10_000 };

/** Reads every message of the stream JOBS from its leader, one by one and by sequence, with nothing but raw requests. */
export async function readRawLog(nats: NatsConnection): Promise<RawLog> {
  const { firstSequence, lastSequence } = await logBounds(nats);
  return { firstSequence, lastSequence, messages: await readRawMessages(nats, firstSequence, lastSequence) };
}

/** Reads those of the messages between two sequences that the stream has, in order. */
export async function readRawMessages(nats: NatsConnection, first: number, last: number): Promise<RawMessage[]> {
  const messages: RawMessage[] = [];
  let next = first;
  const reader = async () => {
    while (next <= last) {
      const message = await readMessage(nats, next++);
      if (message !== undefined) messages.push(message);
    }
  };
  await Promise.all(Array.from({ length: last === 0 ? 0 : IN_FLIGHT }, reader));
  return messages.toSorted((left, right) => left.sequence - right.sequence);
}

/** The sequences between which the stream says it holds messages; 0 and 0 if there is no stream. */
export async function logBounds(nats: NatsConnection): Promise<{ firstSequence: number; lastSequence: number }> {
  const answer = await nats.request('$JS.API.STREAM.INFO.JOBS', '', OPTIONS);
  const { state, error } = answer.json<{ state?: { first_seq: number; last_seq: number }; error?: ApiError }>();
  if (state !== undefined) return { firstSequence: state.first_seq, lastSequence: state.last_seq };
  if (error?.code === NOT_FOUND) return { firstSequence: 0, lastSequence: 0 };
  throw new Error(`the log cannot be read: ${error?.description}`);
}

/** Undefined if the stream has no such message. */
export async function readMessage(nats: NatsConnection, sequence: number): Promise<RawMessage | undefined> {
  const answer = await nats.request('$JS.API.STREAM.MSG.GET.JOBS', JSON.stringify({ seq: sequence }), OPTIONS);
  const { message, error } = answer.json<{ message?: StoredMessage; error?: ApiError }>();
  if (message !== undefined) return rawMessage(message);
  if (error?.code === NOT_FOUND) return undefined;
  throw new Error(`message ${sequence} cannot be read: ${error?.description}`);
}

function rawMessage({ seq, subject, time, hdrs = '', data = '' }: StoredMessage): RawMessage {
  const lines = Buffer.from(hdrs, 'base64').toString('latin1').split('\r\n').slice(1);
  const pairs = lines.map((line) => /^([^:]+): *(.*)$/.exec(line)).filter((match) => match !== null);
  const headers = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value]));
  return { sequence: seq, subject, headers, body: Buffer.from(data, 'base64').toString(), storedAt: Date.parse(time) };
}
