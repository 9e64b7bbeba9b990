import { readFile } from 'node:fs/promises';
import {
  connect,
  createInbox,
  credsAuthenticator,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import { LogUnavailableError, UnsupportedServerError } from '../errors.ts';
import type { EventLogOptions } from '../eventLogOptions.ts';
import { silentSink, type LogSink } from './logSink.ts';
import { AckBuffer } from './ackBuffer.ts';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The first server whose expectations inside atomic batches are right (2.14.4); cron schedules came with 2.14.0, `@at`
 * schedules and batches with 2.12.0, the expectation's subject header with 2.11.0. Older ones ignore what they do not know.
 */
const MINIMUM_SERVER = '2.14.4';

/** Milliseconds between attempts to connect: short, since a server that is back should be noticed at once. */
const RECONNECT_PAUSE_MS = 250;
/** A peer that vanished without a word is found after two unanswered pings. */
const PING_INTERVAL_MS = 5_000;
const DRAIN_MS = 250;

/**
 * One connection to the server that tells when it is lost and when it is back. The client keeps no buffer while it is
 * away: what is published then is dropped, so callers must look at `isConnected` and treat a loss as an unknown outcome.
 */
export class Connection {
  readonly nats: NatsConnection;
  /** Answers to deliveries. */
  readonly acks: AckBuffer;
  readonly #inboxPrefix: string;
  readonly #sink: LogSink;
  readonly #lost = new Set<() => void>();
  readonly #regained = new Set<() => void>();
  #connected = true;

  private constructor(nats: NatsConnection, options: EventLogOptions) {
    this.nats = nats;
    this.acks = new AckBuffer(nats);
    this.#inboxPrefix = inboxPrefix(options.name);
    this.#sink = options.logger ?? silentSink;
    void this.#watch();
  }

  /** Connects and checks the server's version: LogUnavailableError, UnsupportedServerError. */
  static async open(options: EventLogOptions): Promise<Connection> {
    const nats = await dial(options);
    try {
      assertSupportedServer(nats.info?.version ?? 'unknown');
    } catch (error) {
      await nats.close();
      throw error;
    }
    return new Connection(nats, options);
  }

  /** A subject for answers that nobody else listens to. */
  newInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  isConnected(): boolean {
    return this.#connected && !this.nats.isClosed();
  }

  /** Calls back whenever the connection is lost; returns how to stop that. */
  onDisconnected(callback: () => void): () => void {
    this.#lost.add(callback);
    return () => this.#lost.delete(callback);
  }

  /** Calls back whenever the connection is there again. */
  onReconnected(callback: () => void): () => void {
    this.#regained.add(callback);
    return () => this.#regained.delete(callback);
  }

  /** Sends what is still to be sent, unless the server takes too long, and closes. */
  async close(): Promise<void> {
    this.#connected = false;
    if (this.nats.isClosed()) return;
    this.acks.flush();
    const drained = await within(
      DRAIN_MS,
      this.nats.drain().catch(() => this.nats.close()),
    );
    if (!drained) await within(DRAIN_MS, this.nats.close());
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.#onDisconnect();
      if (status.type === 'reconnect') this.#onReconnect();
    }
  }

  #onDisconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#sink.warn({}, 'connection to the event log lost');
    for (const callback of this.#lost) callback();
  }

  #onReconnect(): void {
    this.#connected = true;
    this.#sink.info({ server: this.nats.getServer() }, 'connection to the event log is back');
    for (const callback of this.#regained) callback();
  }
}

/** A prefix for each service, so that permissions can keep one from reading the answers to another. */
function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

async function dial(options: EventLogOptions): Promise<NatsConnection> {
  try {
    return await connect(await connectionOptions(options));
  } catch (error) {
    const servers = options.url.replaceAll(/[^/,]*@/g, '***@'); // no password in logs
    throw new LogUnavailableError(`cannot connect to ${servers}`, { cause: error });
  }
}

async function connectionOptions(options: EventLogOptions): Promise<ConnectionOptions> {
  const credentials = options.credsFile === undefined ? undefined : await readFile(options.credsFile);
  return {
    servers: options.url.split(',').map((server) => server.trim()),
    name: `jobstream-${options.name}`,
    inboxPrefix: inboxPrefix(options.name),
    maxReconnectAttempts: -1,
    // Otherwise the client gives up for good when it is refused twice, e.g. while passwords are being replaced.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    reconnectJitter: 100,
    pingInterval: PING_INTERVAL_MS,
    noAsyncTraces: true,
    timeout: 5_000,
    ...(options.user === undefined ? {} : { user: options.user, pass: options.password ?? '' }),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(credentials) }),
  };
}

/** Waits for work to settle, at most `ms` milliseconds; whether it has. Rejects as the work does. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const inTime = work.then(() => true).finally(() => settled.abort());
  const tooLate = pause(Math.max(0, ms), false, { signal: settled.signal }).catch(() => true);
  return Promise.race([inTime, tooLate]);
}

/** Throws UnsupportedServerError unless `version` (e.g. `2.15.1` or `2.16.0-RC.1`) is new enough. */
export function assertSupportedServer(version: string): void {
  if (compare(numbers(version), numbers(MINIMUM_SERVER)) < 0) {
    throw new UnsupportedServerError(version, MINIMUM_SERVER);
  }
}

function numbers(version: string): number[] {
  return (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? ['0', '0', '0']).map(Number);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
