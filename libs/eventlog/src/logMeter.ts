import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
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
  readonly #oldest = new Map<string, OldestWaiting>();

  constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  /** What waits to be worked on: a few requests, and one more for each type with a backlog. */
  backlog(): Promise<Backlog> {
    return answered(async () => {
      const [jobs, due] = await Promise.all([this.#consumersOf(JOBS_STREAM), this.#consumersOf(TIMERS_STREAM)]);
      const { messages } = (await this.#manager.streams.info(TIMERS_STREAM)).state;
      const dueOf = new Map(due.map((info) => [info.name, info]));
      const workers = jobs.filter(({ name }) => name.startsWith(workerConsumer('')));
      const types = await Promise.all(
        workers.map((worker) => this.#ofType(typeOf(worker), worker, dueOf.get(dueConsumer(typeOf(worker))))),
      );
      // What is due is still in the stream until it is acknowledged.
      return { types, timers: Math.max(0, messages - sum(due, (info) => info.num_pending + info.num_ack_pending)) };
    });
  }

  /** How far a reader that has read up to this sequence is behind. */
  lag(sequence: number): Promise<Lag> {
    return answered(async () => {
      const { last_seq: last } = (await this.#manager.streams.info(JOBS_STREAM)).state;
      if (last <= sequence) return { events: 0 };
      const next = await this.#manager.direct.getMessage(JOBS_STREAM, { seq: sequence + 1, next_by_subj: '>' });
      return { events: last - sequence, ...(next === null ? {} : { oldestAt: next.time.toISOString() }) };
    });
  }

  async #ofType(jobType: string, worker: ConsumerInfo, due: ConsumerInfo | undefined): Promise<TypeBacklog> {
    const both = due === undefined ? [worker] : [worker, due];
    const waiting = await Promise.all([
      this.#oldestOf(JOBS_STREAM, worker, workSubjects(jobType)),
      due === undefined ? undefined : this.#oldestOf(TIMERS_STREAM, due, [dueSubject(jobType)]),
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

  async #oldestOf(stream: string, info: ConsumerInfo, subjects: readonly string[]): Promise<string | undefined> {
    if (info.num_pending === 0) return undefined;
    const { stream_seq: delivered } = info.delivered;
    for (const subject of subjects) {
      const at = await this.#finder(stream, subject).after(delivered);
      if (at !== undefined) return at;
    }
    return undefined;
  }

  #finder(stream: string, subject: string): OldestWaiting {
    const known = this.#oldest.get(subject);
    if (known !== undefined) return known;
    const finder = new OldestWaiting(this.#manager, stream, subject);
    this.#oldest.set(subject, finder);
    return finder;
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
