import type { Connection } from './connection.ts';
import { EXPECTED_SEQUENCE } from './headers.ts';
import { JOBS_STREAM } from './streams.ts';

/** The parts of a stored event that tell whose it is and what came before it. */
export interface StoredLink {
  readonly sequence: number;
  readonly eventId: string | undefined;
  /** Sequence of the job's previous event: 0 for the first, undefined when its writer sent no expectation. */
  readonly previous: number | undefined;
}

interface StoredAnswer {
  readonly message?: { readonly seq: number; readonly hdrs?: string; readonly data?: string };
  readonly error?: { readonly err_code: number; readonly description: string };
}

const NO_MESSAGE = 10_037;

/** Reads single messages from the stream's leader, which has every acknowledged write, unlike any other replica. */
export class LeaderReader {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The newest message on the filter, or undefined when there is none. */
  last(filter: string, timeoutMs: number): Promise<StoredLink | undefined> {
    return this.#get({ last_by_subj: filter }, timeoutMs);
  }

  at(sequence: number, timeoutMs: number): Promise<StoredLink | undefined> {
    return this.#get({ seq: sequence }, timeoutMs);
  }

  async #get(query: object, timeoutMs: number): Promise<StoredLink | undefined> {
    const subject = `$JS.API.STREAM.MSG.GET.${JOBS_STREAM}`;
    const answer = await this.#connection.nats.request(subject, JSON.stringify(query), { timeout: timeoutMs });
    const { message, error } = answer.json<StoredAnswer>();
    if (message !== undefined) return linkOf(message);
    if (error?.err_code === NO_MESSAGE) return undefined;
    throw new Error(error?.description ?? 'an answer without message');
  }
}

function linkOf(message: NonNullable<StoredAnswer['message']>): StoredLink {
  const headers = Buffer.from(message.hdrs ?? '', 'base64').toString('latin1');
  const previous = new RegExp(`^${EXPECTED_SEQUENCE}: *(\\d+)`, 'im').exec(headers)?.[1];
  return {
    sequence: message.seq,
    eventId: eventIdOf(Buffer.from(message.data ?? '', 'base64').toString()),
    previous: previous === undefined ? undefined : Number(previous),
  };
}

function eventIdOf(body: string): string | undefined {
  try {
    const event: unknown = JSON.parse(body);
    return typeof event === 'object' && event !== null && 'id' in event ? String(event.id) : undefined;
  } catch {
    return undefined;
  }
}
