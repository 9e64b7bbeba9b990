import type { ConsumerInfo, JetStreamManager, StreamState } from '@nats-io/jetstream';
import type { DirectReader } from '../read/directReader.ts';
import { LogUnavailableError } from '../errors.ts';
import { OldestPending } from './oldestPending.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { createdSubject, dueSubject, requeuedSubject } from '../streams/jobSubjects.ts';
import { listConsumers, loadOf, type TypeConsumers } from './typeConsumers.ts';

/** What waits of one job type. */
export interface TypeBacklog {
  readonly jobType: string;
  /** Jobs that no worker has got yet, those that are due included; delayed jobs count when they are due. */
  readonly backlog: number;
  /** Jobs that workers hold. */
  readonly inFlight: number;
  /** RFC 3339: since when the one that waits longest could have run; undefined when none waits. */
  readonly oldestAt?: string;
}

export interface Backlog {
  /** Of every type that has consumers. */
  readonly types: readonly TypeBacklog[];
  /** Messages that wait for their time: delayed jobs, retries, and the alarms of schedules. */
  readonly timers: number;
}

/** How far a reader of the log is behind. */
export interface Lag {
  readonly events: number;
  /** RFC 3339: when the first event that it has not read was recorded; undefined when there is none. */
  readonly oldestAt?: string;
}

/** Figures about the log, asked of the server. Every method rejects with LogUnavailableError. */
export class LogStats {
  readonly #manager: JetStreamManager;
  readonly #reader: DirectReader;
  readonly #oldest = new Map<string, OldestPending>();

  constructor(manager: JetStreamManager, reader: DirectReader) {
    this.#manager = manager;
    this.#reader = reader;
  }

  /** What waits to be worked on: a few requests, and one to five more for each type with a backlog. */
  backlog(): Promise<Backlog> {
    return answered(async () => {
      const [jobs, timers] = await Promise.all([this.#stateOf(JOBS_STREAM), this.#stateOf(TIMERS_STREAM)]);
      const consumers = await listConsumers(this.#manager);
      const types = await Promise.all(consumers.types.map((ofType) => this.#ofType(ofType, jobs)));
      // What is due is still in the stream until it is acknowledged.
      const due = consumers.timers.reduce((sum, info) => sum + info.num_pending + info.num_ack_pending, 0);
      return { types, timers: Math.max(0, timers.messages - due) };
    });
  }

  /** How far a reader that has read up to this sequence is behind. */
  lag(sequence: number): Promise<Lag> {
    return answered(async () => {
      const { last_seq: last } = await this.#stateOf(JOBS_STREAM);
      if (last <= sequence) return { events: 0 };
      const [next] = await this.#reader.from(sequence + 1, { count: 1 });
      return { events: last - sequence, ...(next === undefined ? {} : { oldestAt: next.recordedAt }) };
    });
  }

  async #ofType(consumers: TypeConsumers, jobs: StreamState): Promise<TypeBacklog> {
    const { jobType, worker, requeued, due } = consumers;
    const waiting = await Promise.all([
      this.#oldestIn(worker, createdSubject(jobType), jobs),
      this.#oldestIn(requeued, requeuedSubject(jobType), jobs),
      this.#oldestDue(due, jobType),
    ]);
    const oldestAt = waiting
      .filter((at) => at !== undefined)
      .toSorted()
      .at(0);
    return { jobType, ...loadOf(consumers), ...(oldestAt === undefined ? {} : { oldestAt }) };
  }

  async #oldestIn(
    consumer: ConsumerInfo | undefined,
    subject: string,
    { first_seq: first, last_seq: last }: StreamState,
  ): Promise<string | undefined> {
    if (consumer === undefined) return undefined;
    const finder = this.#oldest.get(subject) ?? new OldestPending(this.#manager, this.#reader, subject);
    this.#oldest.set(subject, finder);
    return finder.at({ delivered: consumer.delivered.stream_seq, pending: consumer.num_pending, first, last });
  }

  /** A subject without wildcards, which the server finds at once. */
  async #oldestDue(due: ConsumerInfo | undefined, jobType: string): Promise<string | undefined> {
    if (due === undefined || due.num_pending === 0) return undefined;
    const query = { seq: due.delivered.stream_seq + 1, next_by_subj: dueSubject(jobType) };
    return (await this.#manager.direct.getMessage(TIMERS_STREAM, query))?.time.toISOString();
  }

  async #stateOf(stream: string): Promise<StreamState> {
    return (await this.#manager.streams.info(stream)).state;
  }
}

async function answered<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    throw new LogUnavailableError('its figures could not be read', { cause: error });
  }
}
