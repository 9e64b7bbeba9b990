import { setTimeout as pause } from 'node:timers/promises';
import { isConsumerNotFound } from '../connection/serverErrors.ts';
import type { JetStreamManager } from '@nats-io/jetstream';
import { LogUnavailableError } from '../errors.ts';
import { consumersOf, findTypeConsumers, listConsumers, loadOf, type TypeConsumers } from './typeConsumers.ts';
import {
  createConsumer,
  findConsumer,
  limitsOf,
  workConsumers,
  type WorkConsumer,
  type WorkLimits,
} from './workConsumers.ts';

/** What the consumers of a job type say about it. */
export interface JobTypeInfo {
  readonly jobType: string;
  readonly paused: boolean;
  /** RFC 3339: when the pause ends by itself. */
  readonly pausedUntil?: string;
  /** Jobs that no worker has got yet, those that are due included; delayed jobs count when they are due. */
  readonly backlog: number;
  /** Jobs that workers hold. */
  readonly inFlight: number;
  /** Of each worker process, as the one that started last has noted them. */
  readonly limits?: WorkLimits;
}

/** A pause has an end; this one stands for none. The server counts in nanoseconds, which overflow in 2262. */
const FOR_GOOD = '2200-01-01T00:00:00.000Z';
/** Longer than a request to the server takes, or the pause would be over before it is set. */
const RESUME_AFTER_MS = 100;
const RESUME_LOOKS = 10;

/**
 * Pauses job types by pausing their consumers, so that the pause is kept by the server and holds for workers of every
 * kind. Every method rejects with LogUnavailableError; each can be repeated.
 */
export class JobTypeControl {
  readonly #manager: JetStreamManager;

  constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  /** Lets no further attempt of a type start, for good or until an instant; works for a type without a worker, too. */
  pause(jobType: string, until: string = FOR_GOOD): Promise<JobTypeInfo> {
    const end = new Date(Math.min(Date.parse(until), Date.parse(FOR_GOOD)));
    return answered(async () => {
      for (const consumer of workConsumers({ jobType })) await this.#pauseConsumer(consumer, end);
      const consumers = await findTypeConsumers(this.#manager, jobType);
      if (consumers === undefined) throw new Error(`the consumers of ${jobType} were deleted`);
      return infoOf(consumers);
    });
  }

  /** Lets attempts start again; undefined if nobody ever worked on this type or paused it. */
  resume(jobType: string): Promise<JobTypeInfo | undefined> {
    return answered(async () => {
      for (const consumer of workConsumers({ jobType })) await this.#resumeConsumer(consumer);
      return this.#resumed(jobType);
    });
  }

  /** Every type that has consumers, by name. */
  list(): Promise<readonly JobTypeInfo[]> {
    return answered(async () => (await listConsumers(this.#manager)).types.map(infoOf).toSorted(byType));
  }

  async #pauseConsumer(consumer: WorkConsumer, until: Date): Promise<void> {
    const { stream, config } = consumer;
    try {
      await this.#manager.consumers.pause(stream, config.durable_name, until);
    } catch (error) {
      if (!isConsumerNotFound(error)) throw error;
      await createConsumer(this.#manager, consumer);
      await this.#manager.consumers.pause(stream, config.durable_name, until);
    }
  }

  /**
   * The server wakes a consumer when its pause ends by itself, but not when it is lifted: requests that wait already
   * would get nothing until somebody asks again. So a pause is lifted by letting it end in a moment, on the server's own
   * clock.
   */
  async #resumeConsumer({ stream, config }: WorkConsumer): Promise<void> {
    for (let ms = RESUME_AFTER_MS; ; ms *= 2) {
      const info = await findConsumer(this.#manager, stream, config.durable_name);
      if (info?.paused !== true) return;
      const { ts = new Date().toISOString() } = info;
      const answer = await this.#manager.consumers.pause(stream, config.durable_name, new Date(Date.parse(ts) + ms));
      if (answer.paused) return;
    }
  }

  /** The type once the moment is over; still paused if somebody has paused it anew. */
  async #resumed(jobType: string): Promise<JobTypeInfo | undefined> {
    for (let looks = 1; ; looks++) {
      const consumers = await findTypeConsumers(this.#manager, jobType);
      const info = consumers && infoOf(consumers);
      if (info?.paused !== true || looks === RESUME_LOOKS) return info;
      await pause(RESUME_AFTER_MS);
    }
  }
}

/** A type is paused when one of its consumers is: whoever sees that and resumes it resumes all. */
function infoOf(consumers: TypeConsumers): JobTypeInfo {
  const paused = consumersOf(consumers).filter((info) => info.paused === true);
  const until = paused
    .map(({ config }) => new Date(config.pause_until ?? 0).toISOString())
    .toSorted()
    .at(-1);
  const limits = limitsOf(consumers.worker.config);
  return {
    jobType: consumers.jobType,
    paused: paused.length > 0,
    ...(until === undefined || until === FOR_GOOD ? {} : { pausedUntil: until }),
    ...loadOf(consumers),
    ...(limits === undefined ? {} : { limits }),
  };
}

function byType(left: JobTypeInfo, right: JobTypeInfo): number {
  return left.jobType < right.jobType ? -1 : 1;
}

async function answered<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    throw new LogUnavailableError('its consumers did not answer', { cause: error });
  }
}
