import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { LogSink } from '../../connection/logSink.ts';
import { isForbidden } from '../../connection/serverErrors.ts';
import { findConsumer } from './oneConsumer.ts';

export interface ConsumerWaitOptions {
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  readonly consumers: readonly { readonly stream: string; readonly name: string }[];
  /** Creates them, for a server without a process that does. */
  readonly create: () => Promise<void>;
  /** Called once, with the shortest wait for acknowledgements that the consumers have at that moment. */
  readonly onFound: (ackWaitMs: number) => void;
  /** After which `create` is tried once, since no API of this release seems to run; default 30 s. */
  readonly createAfterMs?: number;
  /** After which the wait is a warning; default 10 s. */
  readonly warnAfterMs?: number;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;
/** An API that has just started creates those of a new type within a few seconds. */
const WARN_AFTER_MS = 10_000;
const CREATE_AFTER_MS = 30_000;
const NANOS_PER_MS = 1_000_000;

/** Waits until another process has created the consumers that this one may not create. */
export class ConsumerWait {
  readonly #options: ConsumerWaitOptions;
  readonly #stop = new AbortController();
  readonly #startedAt = performance.now();
  #waiting: Promise<void> | undefined;
  #hasTriedToCreate = false;
  #said: 'nothing' | 'notice' | 'warning' = 'nothing';

  constructor(options: ConsumerWaitOptions) {
    this.#options = options;
  }

  /** Resolves after the first look, which finds them unless they are new; the wait goes on in the background. */
  async start(): Promise<void> {
    if (!(await this.#look())) this.#waiting = this.#wait();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#waiting;
  }

  async #wait(): Promise<void> {
    const { signal } = this.#stop;
    for (let ms = FIRST_PAUSE_MS; !signal.aborted; ms = Math.min(2 * ms, MAX_PAUSE_MS)) {
      await pause(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || (await this.#look())) return;
    }
  }

  /** Returns whether the wait is over. */
  async #look(): Promise<boolean> {
    try {
      const found = await this.#found();
      if (found.length === this.#options.consumers.length)
        return this.#end(Math.min(...found.map(({ config }) => (config.ack_wait ?? 0) / NANOS_PER_MS)));
      await this.#onMissing();
    } catch {
      // The log is unavailable: the connection says so.
    }
    return false;
  }

  async #found(): Promise<readonly ConsumerInfo[]> {
    const { manager, consumers } = this.#options;
    const infos = await Promise.all(consumers.map(({ stream, name }) => findConsumer(manager, stream, name)));
    return infos.filter((info) => info !== undefined);
  }

  #end(ackWaitMs: number): boolean {
    if (this.#stop.signal.aborted) return true;
    if (this.#said !== 'nothing') this.#options.sink.info({ consumers: this.#names() }, 'consumers found, taking jobs');
    this.#options.onFound(ackWaitMs);
    return true;
  }

  async #onMissing(): Promise<void> {
    const { create, createAfterMs = CREATE_AFTER_MS } = this.#options;
    this.#sayMissing();
    if (this.#hasTriedToCreate || this.#waitedMs() < createAfterMs) return;
    this.#hasTriedToCreate = true;
    await create().catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
    });
  }

  #sayMissing(): void {
    const { sink, warnAfterMs = WARN_AFTER_MS } = this.#options;
    const details = { consumers: this.#names() };
    if (this.#said === 'nothing' && this.#waitedMs() > MAX_PAUSE_MS) {
      this.#said = 'notice';
      sink.info(details, 'waiting until the API of Jobstream has created the consumers');
    } else if (this.#said === 'notice' && this.#waitedMs() > warnAfterMs) {
      this.#said = 'warning';
      sink.warn(details, 'consumers are missing: still waiting until the API of Jobstream has created them');
    }
  }

  #names(): readonly string[] {
    return this.#options.consumers.map(({ name }) => name);
  }

  #waitedMs(): number {
    return performance.now() - this.#startedAt;
  }
}
