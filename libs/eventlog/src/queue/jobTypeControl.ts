import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { LogUnavailableError } from '../errors.ts';
import { MOST_TYPES } from './consumers/consumerPlan.ts';
import { workConsumers, type WorkConsumer, type WorkLimits } from './consumers/consumerSettings.ts';
import { pauseConsumer, resumeConsumer } from './consumers/oneConsumer.ts';
import { changeInTurn } from './consumers/typeChanges.ts';
import { readPauseNote, writePauseNote, type PauseNote } from './consumers/pauseNote.ts';
import {
  consumersOf,
  findTypeConsumers,
  lanesOf,
  limitsOf,
  listConsumers,
  loadOf,
  type TypeConsumers,
} from './consumers/workConsumers.ts';

/** The state of a job type, as its consumers have it. */
export interface JobTypeInfo {
  readonly jobType: string;
  readonly paused: boolean;
  /** RFC 3339: when the pause ends by itself. */
  readonly pausedUntil?: string;
  /** Who has paused it, if that is known. */
  readonly pause?: PauseNote;
  /** Jobs not yet delivered to a worker, due ones included; delayed jobs count when they are due. */
  readonly backlog: number;
  /** Jobs that workers hold. */
  readonly inFlight: number;
  /** Whether some worker has room for another job: it has asked for the next one, of whatever source. */
  readonly hasRoom: boolean;
  /** The limits of each worker process, as stored by the one that started last. */
  readonly limits?: WorkLimits;
}

export interface PauseOptions {
  /** RFC 3339; default: no end. */
  readonly until?: string | undefined;
  /** Who pauses it. */
  readonly note?: PauseNote | undefined;
}

/** A pause needs an end; this one stands for none. The server counts in nanoseconds, which overflow in 2262. */
const NO_END = '2200-01-01T00:00:00.000Z';
const RESUMED_AFTER_MS = 100;
const RESUME_CHECKS = 10;
const NOTE_TRIES = 3;
const PAUSE_TRIES = 3;
/** Types that are paused or resumed at a time; each takes several requests to the server. */
const CONCURRENCY = 16;

/**
 * Pauses job types by pausing their consumers, so that the server keeps the pause and it holds for workers in every
 * language. Every method rejects with LogUnavailableError and can be repeated.
 */
export class JobTypeControl {
  readonly #manager: JetStreamManager;

  constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  /** Stops further attempts of a type from starting, until `until` (RFC 3339) or a resume; also before its first worker. */
  pause(jobType: string, { until = NO_END, note }: PauseOptions = {}): Promise<JobTypeInfo> {
    const end = new Date(Math.min(Date.parse(until), Date.parse(NO_END)));
    const change = async () => {
      await this.#pauseConsumers(jobType, end);
      return this.#noted(jobType, end, note);
    };
    return orUnavailable(() => changeInTurn(this.#manager, jobType, change));
  }

  /** Another process may update the consumers for another reason at the same moment, and replace the note. */
  async #noted(jobType: string, end: Date, note: PauseNote | undefined): Promise<JobTypeInfo> {
    for (let tries = 1; ; tries++) {
      const { worker } = await this.#consumersOf(jobType);
      if (note !== undefined) await writePauseNote(this.#manager, worker, { ...note, until: end.toISOString() });
      const info = infoOf(await this.#consumersOf(jobType));
      if (note === undefined || info.pause !== undefined || tries === NOTE_TRIES) return info;
    }
  }

  /** A lane that begins meanwhile has missed it, and so may have a consumer that the server updates in the same moment. */
  async #pauseConsumers(jobType: string, end: Date): Promise<void> {
    for (let tries = 1; tries <= PAUSE_TRIES; tries++) {
      for (const consumer of await this.#wanted(jobType)) await pauseConsumer(this.#manager, consumer, end);
      const { found } = await this.#consumersOf(jobType);
      if (found.every(({ info }) => info.paused === true)) return;
    }
  }

  /** Of those that are resumed already, nothing is left to do at the second look, which finds the lane that has begun meanwhile. */
  async #resumeConsumers(jobType: string): Promise<void> {
    const done = new Set<string>();
    for (let looks = 1; looks <= 2; looks++)
      for (const consumer of await this.#wanted(jobType)) {
        const name = `${consumer.stream} ${consumer.config.durable_name}`;
        if (!done.has(name)) await resumeConsumer(this.#manager, consumer);
        done.add(name);
      }
  }

  /** The consumers that the type should have, with those of its lanes. */
  async #wanted(jobType: string): Promise<readonly WorkConsumer[]> {
    const consumers = await findTypeConsumers(this.#manager, jobType);
    return workConsumers({ jobType, lanes: consumers && lanesOf(consumers) });
  }

  async #consumersOf(jobType: string): Promise<TypeConsumers> {
    const consumers = await findTypeConsumers(this.#manager, jobType);
    if (consumers === undefined) throw new Error(`the consumers of ${jobType} were deleted`);
    return consumers;
  }

  /** Lets attempts start again. Returns undefined for a type that was never worked on or paused. */
  resume(jobType: string): Promise<JobTypeInfo | undefined> {
    const change = async () => {
      await this.#resumeConsumers(jobType);
      return this.#resumed(jobType);
    };
    return orUnavailable(() => changeInTurn(this.#manager, jobType, change));
  }

  /**
   * Pauses all types that have consumers, and as many of `others` as there is room for. A type that is new while they are paused
   * begins paused, too.
   *
   * A type whose own pause lasts at least as long keeps it, and is not resumed with the others.
   *
   * @returns every type, by name.
   */
  async pauseAll(
    others: readonly string[],
    { until = NO_END, note }: PauseOptions = {},
  ): Promise<readonly JobTypeInfo[]> {
    const infos = await this.list();
    const kept = infos.filter(
      (info) => isPausedAlone(info) && Date.parse(info.pausedUntil ?? NO_END) >= Date.parse(until),
    );
    const jobTypes = new Set(
      [...infos.map(({ jobType }) => jobType), ...others].slice(0, Math.max(infos.length, MOST_TYPES)),
    );
    for (const { jobType } of kept) jobTypes.delete(jobType);
    const noted = note && { ...note, all: true as const };
    await forEach(jobTypes, (jobType) => this.pause(jobType, { until, note: noted }));
    return this.list();
  }

  /** Resumes the types that were paused by `pauseAll`, and not anew since. Returns every type, by name. */
  async resumeAll(): Promise<readonly JobTypeInfo[]> {
    const paused = (await this.list()).filter(({ pause: note }) => note?.all === true);
    await forEach(paused, ({ jobType }) => this.resume(jobType));
    return this.list();
  }

  /** Returns every type that has consumers, by name. */
  list(): Promise<readonly JobTypeInfo[]> {
    return orUnavailable(async () => (await listConsumers(this.#manager)).types.map(infoOf).toSorted(byType));
  }

  /** The type after that moment; still paused if another client has paused it again. */
  async #resumed(jobType: string): Promise<JobTypeInfo | undefined> {
    for (let checks = 1; ; checks++) {
      const consumers = await findTypeConsumers(this.#manager, jobType);
      const info = consumers && infoOf(consumers);
      if (info?.paused !== true || checks === RESUME_CHECKS) return info;
      await pause(RESUMED_AFTER_MS);
    }
  }
}

/** A type counts as paused if one of its consumers is; a resume resumes them all. */
function infoOf(consumers: TypeConsumers): JobTypeInfo {
  const paused = consumersOf(consumers).filter((info) => info.paused === true);
  const until = paused
    .map(({ config }) => new Date(config.pause_until ?? 0).toISOString())
    .toSorted()
    .at(-1);
  const limits = limitsOf(consumers.worker.config);
  const note = until && readPauseNote(consumers.worker.config, until);
  return {
    jobType: consumers.jobType,
    paused: paused.length > 0,
    ...(until === undefined || until === NO_END ? {} : { pausedUntil: until }),
    ...(note ? { pause: note } : {}),
    ...loadOf(consumers),
    hasRoom: consumersOf(consumers).every(({ num_waiting: requests }) => requests > 0),
    ...(limits === undefined ? {} : { limits }),
  };
}

function isPausedAlone({ paused, pause: note }: JobTypeInfo): boolean {
  return paused && note?.all !== true;
}

async function forEach<Item>(items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  const left = [...items].values();
  const workOn = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, workOn));
}

function byType(left: JobTypeInfo, right: JobTypeInfo): number {
  return left.jobType < right.jobType ? -1 : 1;
}

async function orUnavailable<Result>(request: () => Promise<Result>): Promise<Result> {
  try {
    return await request();
  } catch (error) {
    throw new LogUnavailableError('its consumers did not answer', { cause: error });
  }
}
