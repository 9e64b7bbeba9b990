import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../connection/connection.ts';
import { OrderedConsumer, type OrderedConsumerOptions } from './orderedConsumer.ts';

export interface ReopenedConsumerOptions {
  readonly connection: Connection;
  /** Returns the settings of the next consumer: it begins where the last one has stopped. */
  readonly settings: () => OrderedConsumerOptions;
  readonly onOpened: (consumer: OrderedConsumer) => void;
  /** Called with the reason when the consumer was lost or could not be opened; returns the milliseconds until the next one, or `end`. */
  readonly onLost: (reason: unknown) => number | 'end';
}

const RECONNECT_POLL_MS = 250;

/** A consumer that is replaced by the next one whenever it is lost, until it is stopped. */
export class ReopenedConsumer {
  readonly #options: ReopenedConsumerOptions;
  readonly #stop = new AbortController();
  #current: OrderedConsumer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReopenedConsumerOptions) {
    this.#options = options;
  }

  /** The one that was opened last. */
  get current(): OrderedConsumer | undefined {
    return this.#current;
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Resolves once it has ended; never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** `run` resolves soon after. */
  stop(): void {
    this.#stop.abort();
    this.#current?.close();
  }

  async #run(): Promise<void> {
    while (!this.isStopped) {
      const reason = await this.#consume();
      if (this.isStopped) return;
      const pauseMs = this.#options.onLost(reason);
      if (pauseMs === 'end') return;
      await this.#pause(pauseMs);
      while (!this.#options.connection.isConnected() && !this.isStopped) await this.#pause(RECONNECT_POLL_MS);
    }
  }

  /** Follows with one consumer; returns why it has ended, or the error with which it could not be opened. */
  async #consume(): Promise<unknown> {
    try {
      this.#current = await OrderedConsumer.open(this.#options.settings());
    } catch (error) {
      return error;
    }
    if (this.isStopped) this.#current.close();
    else this.#options.onOpened(this.#current);
    const reason = await this.#current.broken;
    this.#current.close();
    return reason;
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
