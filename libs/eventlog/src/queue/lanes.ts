import { setTimeout as pause } from 'node:timers/promises';
import { isJobType, type JobEvent, lanes as ofPriorities } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { subscribeToHints } from '../connection/subscribeToHints.ts';
import { LogUnavailableError, TooManyPriorityTypesError, TooManySignalTypesError } from '../errors.ts';
import { MOST_TYPES as MOST_TYPES_OF_ALL } from './consumers/consumerPlan.ts';
import { type QueueLane, queueLanes } from './consumers/queueLane.ts';
import { possibleConsumers } from './consumers/consumerSettings.ts';
import { findConsumer } from './consumers/oneConsumer.ts';
import { ensureWorkConsumers, findTypeConsumers, lanesOf, listConsumers } from './consumers/workConsumers.ts';

export interface LanesOptions {
  readonly connection: Pick<Connection, 'nats'>;
  readonly manager: JetStreamManager;
  /** Whether this process may create consumers; else it asks one that may. */
  readonly createsConsumers: boolean;
  /**
   * Types that may have jobs of another priority than normal; default 90, for which the stream JOBS has room. One that takes signals counts
   * for half of one.
   */
  readonly mostTypes?: number | undefined;
}

const MOST_TYPES = 90;
/** For so long a lane that was found counts as there: nobody but a person removes one. */
const KNOWN_MS = 60_000;
/** For so long it is not looked again whether there is room. */
const FULL_MS = 5_000;
const ASK_MS = 100;
const ASK_TRIES = 20;

/** What a caller of `open` has to know as it is. */
const PASSED_ON = [TooManyPriorityTypesError, TooManySignalTypesError, LogUnavailableError];

/** The hints by which processes ask for a lane that may not create it: `lanes.<lane>.<type>`. */
const HINTS = 'lanes.*.*';

/**
 * The ways that jobs of another priority than normal, and signals, take to the workers: each has consumers of its own, which must exist
 * before the first such event of a type is stored, or nobody would be told of it.
 */
export class Lanes {
  readonly #options: LanesOptions;
  /** Until when each lane counts as there. */
  readonly #known = new Map<string, number>();
  readonly #opening = new Map<string, Promise<void>>();
  #fullUntil = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Opens the lanes that other processes ask for; returns how to stop. */
  serve(sink: LogSink): () => void {
    return subscribeToHints(this.#options.connection.nats, [HINTS], ({ subject }) => {
      const [, hinted, jobType = ''] = subject.split('.');
      const lane = queueLanes.find((one) => one === hinted);
      if (lane === undefined || !isJobType(jobType)) return;
      this.open(jobType, lane).catch((error: unknown) =>
        sink.warn(
          { jobType, lane, reason: String(error) },
          'the consumers of a priority, or of signals, cannot be created',
        ),
      );
    });
  }

  /**
   * Makes sure that workers will get these events, as far as they call for work on a lane.
   *
   * @throws TooManyPriorityTypesError, TooManySignalTypesError, LogUnavailableError.
   */
  async openFor(events: readonly JobEvent[]): Promise<void> {
    for (const event of events) {
      const lane = laneOfCall(event);
      if (lane !== undefined) await this.open(event.jobType, lane);
    }
  }

  /** As `openFor`, for jobs of a type. */
  async open(jobType: string, lane: QueueLane): Promise<void> {
    const key = `${lane} ${jobType}`;
    if ((this.#known.get(key) ?? 0) > performance.now()) return;
    const opening = this.#opening.get(key) ?? this.#open(jobType, lane).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    await opening;
    this.#known.set(key, performance.now() + KNOWN_MS);
  }

  async #open(jobType: string, lane: QueueLane): Promise<void> {
    try {
      if (await this.#exists(jobType, lane)) return;
      await (this.#options.createsConsumers ? this.#create(jobType, lane) : this.#ask(jobType, lane));
    } catch (error) {
      if (PASSED_ON.some((known) => error instanceof known)) throw error;
      throw new LogUnavailableError('its consumers did not answer', { cause: error });
    }
  }

  async #create(jobType: string, lane: QueueLane): Promise<void> {
    const { manager } = this.#options;
    const own = await findTypeConsumers(manager, jobType);
    const has = own === undefined ? [] : lanesOf(own);
    if (placesOf([...has, lane]) > placesOf(has)) await this.#assertRoom(lane, { isNew: own === undefined });
    await ensureWorkConsumers(manager, { jobType, lanes: [lane] });
  }

  async #assertRoom(lane: QueueLane, { isNew }: { readonly isNew: boolean }): Promise<void> {
    const { manager, mostTypes = MOST_TYPES } = this.#options;
    if (performance.now() >= this.#fullUntil) {
      const { types } = await listConsumers(manager);
      const taken = types.reduce((sum, one) => sum + placesOf(lanesOf(one)), 0);
      if (
        taken + placesOf([lane]) <= mostTypes * placesOf(ofPriorities) &&
        !(isNew && types.length >= MOST_TYPES_OF_ALL)
      )
        return;
      this.#fullUntil = performance.now() + FULL_MS;
    }
    throw lane === 'signalled' ? new TooManySignalTypesError() : new TooManyPriorityTypesError(mostTypes);
  }

  async #ask(jobType: string, lane: QueueLane): Promise<void> {
    for (let tries = 1; tries <= ASK_TRIES; tries++) {
      this.#options.connection.nats.publish(`lanes.${lane}.${jobType}`);
      await pause(ASK_MS);
      if (await this.#exists(jobType, lane)) return;
    }
    throw new LogUnavailableError(`no API has created the consumers of the lane ${lane} of ${jobType}`);
  }

  async #exists(jobType: string, lane: QueueLane): Promise<boolean> {
    const ofLane = possibleConsumers(jobType).filter((one) => one.lane === lane);
    const { manager } = this.#options;
    const found = await Promise.all(
      ofLane.map(({ stream, config }) => findConsumer(manager, stream, config.durable_name)),
    );
    return found.every((info) => info !== undefined);
  }
}

/** How many consumers of the stream JOBS are set apart for these lanes of a type: one may be followed by the other of its kind. */
function placesOf(lanes: readonly QueueLane[]): number {
  const places = lanes.includes('signalled') ? 1 : 0;
  return lanes.some((lane) => lane !== 'signalled') ? places + 2 : places;
}

/** The lane on which workers get the event; undefined for one that goes the normal way, and for one that calls for no work. */
export function laneOfCall({ event, data }: JobEvent): QueueLane | undefined {
  if (event === 'JobSignalled') return 'signalled';
  if (event !== 'JobCreatedWithPriority' && event !== 'JobRequeuedWithPriority') return undefined;
  return data.priority;
}
