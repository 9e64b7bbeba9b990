import type { ConsumerInfo, JetStreamManager, StreamState } from '@nats-io/jetstream';
import type { DirectReader } from './directReader.ts';
import { LogUnavailableError } from './errors.ts';
import { OldestWaiting } from './oldestWaiting.ts';
import { JOBS_STREAM, TIMERS_STREAM } from './streams.ts';
import { dueSubject, workSubjects } from './subjects.ts';
import { dueConsumer, workerConsumer } from './workConsumers.ts';

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
export class LogMeter {
  readonly #manager: JetStreamManager;
  readonly #reader: DirectReader;
  readonly #oldest = new Map<string, OldestWaiting>();

  constructor(manager: JetStreamManager, reader: DirectReader) {
    this.#manager = manager;
    this.#reader = reader;
  }

  /** What waits to be worked on: a few requests, and one to three more for each type with a backlog. */
  backlog(): Promise<Backlog> {
    return answered(async () => {
      const [jobs, timers] = await Promise.all([this.#stateOf(JOBS_STREAM), this.#stateOf(TIMERS_STREAM)]);
      const [workers, dues] = await Promise.all([this.#consumersOf(JOBS_STREAM), this.#consumersOf(TIMERS_STREAM)]);
      const dueOf = new Map(dues.map((info) => [info.name, info]));
      const types = await Promise.all(
        workers
          .filter(({ name }) => name.startsWith(workerConsumer('')))
          .map((worker) => this.#ofType(worker, dueOf.get(dueConsumer(typeOf(worker))), jobs)),
      );
      // What is due is still in the stream until it is acknowledged.
      const due = sum(dues, (info) => info.num_pending + info.num_ack_pending);
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

  async #ofType(worker: ConsumerInfo, due: ConsumerInfo | undefined, jobs: StreamState): Promise<TypeBacklog> {
    const jobType = typeOf(worker);
    const both = due === undefined ? [worker] : [worker, due];
    const waiting = await Promise.all([
      this.#oldestJob(worker, jobs),
      due === undefined ? undefined : this.#oldestDue(due, jobType),
    ]);
    const oldestAt = waiting
      .filter((at) => at !== undefined)
      .toSorted()
      .at(0);
    return {
      jobType,
      backlog: sum(both, (info) => info.num_pending),
      inFlight: sum(both, (info) => info.num_ack_pending),
      ...(oldestAt === undefined ? {} : { oldestAt }),
    };
  }

  #oldestJob(worker: ConsumerInfo, { first_seq: first, last_seq: last }: StreamState): Promise<string | undefined> {
    const jobType = typeOf(worker);
    const finder = this.#oldest.get(jobType) ?? new OldestWaiting(this.#manager, this.#reader, workSubjects(jobType));
    this.#oldest.set(jobType, finder);
    return finder.at({ delivered: worker.delivered.stream_seq, pending: worker.num_pending, first, last });
  }

  /** A subject without wildcards, which the server finds at once. */
  async #oldestDue({ delivered, num_pending: pending }: ConsumerInfo, jobType: string): Promise<string | undefined> {
    if (pending === 0) return undefined;
    const query = { seq: delivered.stream_seq + 1, next_by_subj: dueSubject(jobType) };
    return (await this.#manager.direct.getMessage(TIMERS_STREAM, query))?.time.toISOString();
  }

  async #stateOf(stream: string): Promise<StreamState> {
    return (await this.#manager.streams.info(stream)).state;
  }

  async #consumersOf(stream: string): Promise<ConsumerInfo[]> {
    const all: ConsumerInfo[] = [];
    for await (const info of this.#manager.consumers.list(stream)) all.push(info);
    return all;
  }
}

function typeOf({ name }: ConsumerInfo): string {
  return name.slice(workerConsumer('').length);
}

function sum(infos: readonly ConsumerInfo[], valueOf: (info: ConsumerInfo) => number): number {
  return infos.reduce((total, info) => total + valueOf(info), 0);
}

async function answered<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    throw new LogUnavailableError('its figures could not be read', { cause: error });
  }
}
