import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { logBounds, readRawMessages, type RawLog, type RawMessage } from '../../harness/rawLog.ts';

const POLL_MS = 500;

/** Takes down the messages of a log that loses its beginning, while they are there. */
export class LogRecord implements AsyncDisposable {
  readonly #nats: NatsConnection;
  readonly #messages: RawMessage[] = [];
  readonly #stop = new AbortController();
  #next = 1;
  #running: Promise<void> | undefined;

  private constructor(nats: NatsConnection) {
    this.#nats = nats;
  }

  static start(nats: NatsConnection): LogRecord {
    const record = new LogRecord(nats);
    record.#running = record.#run();
    return record;
  }

  /** Returns all that there was, to the present end of the log. */
  async whole(): Promise<RawLog> {
    await this[Symbol.asyncDispose]();
    await this.#catchUp();
    return { firstSequence: 1, lastSequence: this.#next - 1, messages: this.#messages };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#catchUp().catch(() => undefined); // a server that is broken on purpose; what is missing is read later
      await pause(POLL_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #catchUp(): Promise<void> {
    const { lastSequence } = await logBounds(this.#nats);
    const messages = await readRawMessages(this.#nats, this.#next, lastSequence);
    this.#messages.push(...messages);
    this.#next = Math.max(this.#next, lastSequence + 1);
  }
}
