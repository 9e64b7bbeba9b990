import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  connect,
  createInbox,
  credsAuthenticator,
  type ConnectionOptions as ClientOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import { UnsupportedServerError } from '../errors.ts';
import { AckBuffer } from './ackBuffer.ts';
import { silentSink, type LogSink } from './logSink.ts';
import { TurnEnd } from './turnEnd.ts';
import { whyUnreachable } from './whyUnreachable.ts';

export interface ConnectionOptions {
  /** One URL or several, separated by commas. The first may have the user and password of all: `nats://user:password@host`. */
  readonly url: string;
  /** Whether nobody has given the URL, so that operators are told that NATS_URL is not set; default false. */
  readonly urlIsDefault?: boolean;
  /** Shown to operators in the server's list of connections, and the name of the inbox, e.g. `api`. */
  readonly name: string;
  readonly credsFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Default: nothing is logged. */
  readonly logger?: LogSink;
}

/** Between attempts to connect; short, so that a server that is back is noticed at once. */
const RECONNECT_PAUSE_MS = 250;
/** A peer that vanished without closing its socket is detected after two unanswered pings. */
const PING_INTERVAL_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const DRAIN_MS = 250;
/**
 * The first server whose expectations inside atomic batches are right (2.14.4); cron schedules came with 2.14.0, `@at`
 * schedules and batches with 2.12.0, the expectation's subject header with 2.11.0. Older servers ignore unknown headers.
 */
const MINIMUM_SERVER = '2.14.4';

/**
 * One connection to the server, which reconnects by itself and reports when it is lost and restored. The client keeps no
 * buffer while disconnected: messages published then are dropped, so callers check `isConnected` and treat a loss as an
 * unknown outcome.
 */
export class Connection {
  readonly nats: NatsConnection;
  /** Whether it has neither a user nor credentials, as on a server that is open to all. */
  readonly isAnonymous: boolean;
  /** When to publish what is one of many. */
  readonly turnEnd = new TurnEnd();
  /** Acknowledgements of deliveries. */
  readonly acks: AckBuffer;
  readonly #inboxPrefix: string;
  readonly #sink: LogSink;
  readonly #onDisconnected = new Set<() => void>();
  readonly #onReconnected = new Set<() => void>();
  #connected = true;

  private constructor(nats: NatsConnection, options: ConnectionOptions) {
    this.nats = nats;
    this.isAnonymous = options.credsFile === undefined && userOf(options).user === undefined;
    this.acks = new AckBuffer(nats, this.turnEnd);
    this.#inboxPrefix = inboxPrefix(options.name);
    this.#sink = options.logger ?? silentSink;
    void this.#watch();
  }

  /**
   * Connects and checks the server's version.
   *
   * @throws LogUnreachableError when no server answers or the credentials are refused.
   * @throws UnsupportedServerError
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const nats = await dial(options);
    try {
      assertSupportedServer(nats.info?.version ?? 'unknown');
    } catch (error) {
      await nats.close();
      throw error;
    }
    return new Connection(nats, options);
  }

  /** Returns a new subject for replies to this connection. */
  newInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  isConnected(): boolean {
    return this.#connected && !this.nats.isClosed();
  }

  /** Calls back whenever the connection is lost; returns a function that ends this. */
  onDisconnected(callback: () => void): () => void {
    this.#onDisconnected.add(callback);
    return () => this.#onDisconnected.delete(callback);
  }

  /** Calls back whenever the connection is restored; returns a function that ends this. */
  onReconnected(callback: () => void): () => void {
    this.#onReconnected.add(callback);
    return () => this.#onReconnected.delete(callback);
  }

  /** Flushes and closes; gives up flushing when the server does not take it within half a second. */
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
      if (status.type === 'disconnect' && this.#connected) {
        this.#connected = false;
        this.#sink.warn({}, 'connection to the event log lost');
        for (const callback of this.#onDisconnected) callback();
      }
      if (status.type === 'reconnect') {
        this.#connected = true;
        this.#sink.info({ server: this.nats.getServer() }, 'connection to the event log restored');
        for (const callback of this.#onReconnected) callback();
      }
    }
  }
}

/** Waits at most `ms` for work to settle; returns whether it has. Rejects as the work does. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const inTime = work.then(() => true).finally(() => settled.abort());
  const tooLate = pause(Math.max(0, ms), false, { signal: settled.signal }).catch(() => true);
  return Promise.race([inTime, tooLate]);
}

/** @throws UnsupportedServerError unless `version` (e.g. `2.15.1` or `2.16.0-RC.1`) is new enough. */
export function assertSupportedServer(version: string): void {
  const [minimum, actual] = [numbers(MINIMUM_SERVER), numbers(version)];
  const difference = actual.map((number, index) => number - (minimum[index] ?? 0)).find((delta) => delta !== 0) ?? 0;
  if (difference < 0) throw new UnsupportedServerError(version, MINIMUM_SERVER);
}

function numbers(version: string): number[] {
  return (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? ['0', '0', '0']).map(Number);
}

/** A prefix for each service, so that permissions can keep one service from reading replies to another. */
function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

async function dial(options: ConnectionOptions): Promise<NatsConnection> {
  try {
    return await connect(await clientOptions(options));
  } catch (error) {
    throw whyUnreachable(error, { url: options.url, isDefault: options.urlIsDefault === true });
  }
}

async function clientOptions(options: ConnectionOptions): Promise<ClientOptions> {
  const { url, name, credsFile } = options;
  const servers = url.split(',').map((server) => server.trim());
  const { user, password } = userOf(options);
  return {
    servers: servers.map((server) => server.replace(/\/\/[^/]*@/, '//')),
    name: `jobstream-${name}`,
    inboxPrefix: inboxPrefix(name),
    maxReconnectAttempts: -1,
    // Otherwise the client gives up for good when it is refused twice, e.g. while passwords are being replaced.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    reconnectJitter: 100,
    pingInterval: PING_INTERVAL_MS,
    noAsyncTraces: true,
    timeout: CONNECT_TIMEOUT_MS,
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credsFile)) }),
  };
}

function userOf(options: ConnectionOptions): Pick<ConnectionOptions, 'user' | 'password'> {
  return options.user === undefined ? credentialsIn(options.url.split(',')[0]?.trim()) : options;
}

/** Returns the user and password of a URL, if it has them: the client library does not read them. */
function credentialsIn(url = ''): Pick<ConnectionOptions, 'user' | 'password'> {
  const { username = '', password = '' } = URL.canParse(url) ? new URL(url) : {};
  if (username === '') return {};
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}
