import type { ConsumerInfo, JetStreamManager, StreamState } from '@nats-io/jetstream';
import { LogUnavailableError } from '../errors.ts';
import type { DirectReader } from '../read/directReader.ts';
import { whyNotFollowed } from '../read/follow/whyNotFollowed.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { listConsumers, loadOf, type TypeConsumers } from './consumers/workConsumers.ts';

/** The pending jobs of one type. */
export interface TypeBacklog {
  readonly jobType: string;
  /** Jobs not yet delivered to a worker, due ones included; delayed jobs count when they are due. */
  readonly backlog: number;
  /** Jobs that workers hold. */
  readonly inFlight: number;
  /** RFC 3339: since when the oldest pending job could have run; undefined when none is pending. */
  readonly oldestAt?: string;
}

export interface Backlog {
  /** Of every type that has consumers. */
  readonly types: readonly TypeBacklog[];
  /** Messages that wait for their time: delayed jobs, retries, and the triggers of schedules. */
  readonly timers: number;
}

/** How far a reader of the log is behind. */
export interface Lag {
  readonly events: number;
  /** RFC 3339: when the first event that it has not read was recorded; undefined when there is none. */
  readonly oldestAt?: string;
}

/** Positions of a consumer and of its stream. */
interface Position {
  /** The sequence of the message that was delivered last. */
  readonly delivered: number;
  readonly pending: number;
  /** Sequences of the stream. */
  readonly first: number;
  readonly last: number;
}

interface Found {
  readonly sequence: number;
  readonly at: string;
}

/** In most backlogs the next message is near; these are read without a search by subject. */
const NEAR = { count: 64, maxBytes: 262_144 };
/**
 * Beyond them the server searches for subjects with wildcards block by block and stores nothing meanwhile: 1.5 s for 1.2
 * million messages. So only this many of the newest messages are searched.
 */
const WINDOW = 50_000;

/** Reads statistics of the log from the server. Every method rejects with LogUnavailableError. */
export class LogStats {
  readonly #manager: JetStreamManager;
  readonly #reader: DirectReader;
  readonly #oldest = new Map<string, OldestPending>();

  constructor(manager: JetStreamManager, reader: DirectReader) {
    this.#manager = manager;
    this.#reader = reader;
  }

  /** Returns the pending jobs: a few requests, and one to five more for each type with a backlog. */
  backlog(): Promise<Backlog> {
    return orUnavailable(async () => {
      const [jobs, timers] = await Promise.all([this.#stateOf(JOBS_STREAM), this.#stateOf(TIMERS_STREAM)]);
      const consumers = await listConsumers(this.#manager);
      const types = await Promise.all(consumers.types.map((ofType) => this.#ofType(ofType, jobs)));
      // Due timers stay in the stream until they are acknowledged.
      const due = consumers.timers.reduce((sum, info) => sum + info.num_pending + info.num_ack_pending, 0);
      return { types, timers: Math.max(0, timers.messages - due) };
    });
  }

  /** Asks the server whether the log can be followed: resolves to true, or to why not. Costs it a consumer for a second. */
  checkFollowable(): Promise<true | string> {
    return whyNotFollowed(this.#manager);
  }

  /** Returns how far a reader that has read up to this sequence is behind. */
  lag(sequence: number): Promise<Lag> {
    return orUnavailable(async () => {
      const { last_seq: last } = await this.#stateOf(JOBS_STREAM);
      if (last <= sequence) return { events: 0 };
      const [next] = await this.#reader.from(sequence + 1, { count: 1 });
      return { events: last - sequence, ...(next === undefined ? {} : { oldestAt: next.recordedAt }) };
    });
  }

  async #ofType(consumers: TypeConsumers, jobs: StreamState): Promise<TypeBacklog> {
    const { jobType, found } = consumers;
    const oldest = await Promise.all(
      found.map(({ info, wanted: { filter, stream } }) =>
        stream === TIMERS_STREAM ? this.#oldestDue(info, filter) : this.#oldestIn(info, filter, jobs),
      ),
    );
    const oldestAt = oldest
      .filter((at) => at !== undefined)
      .toSorted()
      .at(0);
    return { jobType, ...loadOf(consumers), ...(oldestAt === undefined ? {} : { oldestAt }) };
  }

  async #oldestIn(
    consumer: ConsumerInfo,
    subject: string,
    { first_seq: first, last_seq: last }: StreamState,
  ): Promise<string | undefined> {
    const finder = this.#oldest.get(subject) ?? new OldestPending(this.#manager, this.#reader, subject);
    this.#oldest.set(subject, finder);
    return finder.at({ delivered: consumer.delivered.stream_seq, pending: consumer.num_pending, first, last });
  }

  /** The subject has no wildcards, so the server finds the message by its index. */
  async #oldestDue(due: ConsumerInfo, subject: string): Promise<string | undefined> {
    if (due.num_pending === 0) return undefined;
    const query = { seq: due.delivered.stream_seq + 1, next_by_subj: subject };
    return (await this.#manager.direct.getMessage(TIMERS_STREAM, query))?.time.toISOString();
  }

  async #stateOf(stream: string): Promise<StreamState> {
    return (await this.#manager.streams.info(stream)).state;
  }
}

/**
 * Finds the oldest pending job of a consumer of the stream JOBS, repeatedly. A result is kept as long as it is right.
 * Among many messages of other types it may find only a later job, which makes the oldest one look younger than it is.
 */
class OldestPending {
  readonly #manager: JetStreamManager;
  readonly #reader: DirectReader;
  readonly #subject: string;
  #found: Found | undefined;
  /** Up to this sequence nothing is pending. */
  #searchedTo = 0;

  constructor(manager: JetStreamManager, reader: DirectReader, subject: string) {
    this.#manager = manager;
    this.#reader = reader;
    this.#subject = subject;
  }

  /** Returns when the first undelivered message was stored (RFC 3339); undefined if there is none. */
  async at(position: Position): Promise<string | undefined> {
    const { delivered, pending, last } = position;
    if (pending === 0) {
      this.#searchedTo = last;
      return undefined;
    }
    if (this.#found === undefined || this.#found.sequence <= delivered) this.#found = await this.#find(position);
    return this.#found?.at;
  }

  async #find({ delivered, first, last }: Position): Promise<Found | undefined> {
    const from = Math.max(delivered, this.#searchedTo, first - 1) + 1;
    const near = await this.#reader.from(from, NEAR);
    const next = near.find(({ subject }) => subjectMatches(subject, this.#subject));
    if (next !== undefined) return { sequence: next.sequence, at: next.recordedAt };
    const beyond = (near.at(-1)?.sequence ?? from) + 1;
    const query = { seq: Math.max(beyond, last - WINDOW), next_by_subj: this.#subject };
    const found = await this.#manager.direct.getMessage(JOBS_STREAM, query);
    return found === null ? undefined : { sequence: found.seq, at: found.time.toISOString() };
  }
}

async function orUnavailable<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw new LogUnavailableError('its statistics could not be read', { cause: error });
  }
}

/** Whether a subject is one of those that a pattern with `*` for single tokens stands for. */
function subjectMatches(subject: string, pattern: string): boolean {
  const [tokens, wanted] = [subject.split('.'), pattern.split('.')];
  return tokens.length === wanted.length && wanted.every((token, index) => token === '*' || token === tokens[index]);
}
