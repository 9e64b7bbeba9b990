import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { type QueueLane, queueLanes } from './consumers/queueLane.ts';
import { possibleConsumers } from './consumers/consumerSettings.ts';
import { subscribeToNewConsumers } from './queueHints.ts';
import { findConsumer } from './consumers/oneConsumer.ts';

export interface LaneWatchOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly jobType: string;
  /** Called once for each lane that has its consumers. */
  readonly onFound: (lane: QueueLane) => void;
  readonly sink: LogSink;
  /** How often it looks although the server has told of nothing new; default a minute. */
  readonly lookMs?: number;
}

const LOOK_MS = 60_000;

/**
 * Finds the consumers of the lanes of a job type: those that exist, and those that are created later, of which the server tells. What
 * it tells can be lost with a connection, so they are looked for again after each one, and now and then.
 */
export class LaneWatch {
  readonly #options: LaneWatchOptions;
  readonly #stop = new AbortController();
  readonly #found = new Set<QueueLane>();
  #news = Promise.withResolvers<void>();
  #unsubscribe: readonly (() => void)[] = [];
  #working: Promise<void> | undefined;

  constructor(options: LaneWatchOptions) {
    this.#options = options;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    const { connection, jobType } = this.#options;
    const onNews = () => this.#news.resolve();
    this.#unsubscribe = [subscribeToNewConsumers(connection.nats, jobType, onNews), connection.onReconnected(onNews)];
    await this.#look();
    this.#working = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#news.resolve();
    await this.#working;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    const { lookMs = LOOK_MS } = this.#options;
    while (!signal.aborted && this.#found.size < queueLanes.length) {
      const waited = new AbortController();
      const timeout = pause(lookMs, undefined, { signal: waited.signal, ref: false }).catch(() => undefined);
      await Promise.race([this.#news.promise, timeout]);
      waited.abort();
      this.#news = Promise.withResolvers();
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    for (const lane of queueLanes) {
      if (this.#found.has(lane) || !(await this.#exists(lane)) || this.#stop.signal.aborted) continue;
      this.#found.add(lane);
      this.#options.onFound(lane);
    }
  }

  async #exists(lane: QueueLane): Promise<boolean> {
    const { manager, jobType, sink } = this.#options;
    const consumers = possibleConsumers(jobType).filter((one) => one.lane === lane);
    try {
      for (const { stream, config } of consumers)
        if ((await findConsumer(manager, stream, config.durable_name)) === undefined) return false;
      return true;
    } catch (error) {
      sink.warn({ jobType, lane, reason: String(error) }, 'could not look for the consumers of priorities and signals');
      return false;
    }
  }
}
