import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Guard } from '../process/guard.ts';
import { onFreePort } from '../ports/freePort.ts';
import { postgresAccount } from './postgresAccount.ts';
import { postgresBinaries } from './postgresBinaries.ts';
import { clusterEnvironment, ensureCluster, removeStaleLock, superuser } from './postgresCluster.ts';
import type { Cluster } from './postgresCluster.ts';
import { postgresHome } from './postgresHome.ts';
import { ServerProcess } from '../process/serverProcess.ts';
import { waitUntilReady } from '../process/serverProcess.ts';

export interface EmbeddedPostgresOptions {
  /** The cluster is stored in `<dataDir>/postgres`. */
  dataDir: string;
  /** 0 selects a free port, which later starts use again. */
  port?: number;
  /** Server settings such as `max_connections`; all others, including durability, have Postgres's defaults. */
  settings?: Record<string, string>;
  /** The folder of the npm package with another version of the program. */
  packageFolder?: string | undefined;
  guard?: Guard | undefined;
}

const host = '127.0.0.1';
const databaseName = 'jobstream';

/** Runs a Postgres on the loopback interface with durable defaults; started by root, it uses an unprivileged account. */
export class EmbeddedPostgres implements AsyncDisposable {
  readonly #options: EmbeddedPostgresOptions;
  readonly #process: ServerProcess;
  #port: number;
  #password = '';

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#process = new ServerProcess(options.guard);
    this.#port = options.port ?? 0;
  }

  /** The URL of the database `jobstream`, with its password. */
  get url(): string {
    return this.urlOf(databaseName);
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  set onUnexpectedExit(listener: (how: string) => void) {
    this.#process.onUnexpectedExit = listener;
  }

  urlOf(database: string): string {
    return this.#urlAt(this.#port, database);
  }

  /** Creates the cluster if there is none, and resolves when the database responds. */
  async start(): Promise<void> {
    const cluster = await prepare(this.#options);
    this.#password = await ensureCluster(cluster);
    if (this.#port === 0) await onFreePort((port) => this.#launch(cluster, port));
    else await this.#launch(cluster, this.#port);
    await createDatabase(this.urlOf('postgres'), databaseName);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#process.kill(signal);
  }

  /** Stops the server with a fast shutdown: open transactions are rolled back. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #urlAt(port: number, database: string): string {
    return `postgres://${superuser}:${this.#password}@${host}:${port}/${database}`;
  }

  async #launch(cluster: Cluster, port: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await removeStaleLock(cluster.home);
      await this.#process.launch(command(cluster, port, this.#options.settings));
      if (await this.#answers(port)) {
        this.#port = port;
        return this.#process.answers();
      }
      const reason = this.#process.logTail();
      await this.stop();
      // After a kill -9 the child processes of the old server take a moment to exit.
      if (attempt === 20 || !/shared memory|postmaster\.pid/.test(reason)) {
        throw new Error(`Postgres did not start on port ${port}: ${reason}`);
      }
      await pause(250);
    }
  }

  #answers(port: number): Promise<boolean> {
    const probe = () => withClient(this.#urlAt(port, 'postgres'), (client) => client.query('SELECT 1'));
    return waitUntilReady({ probe, alive: () => this.#process.running, timeoutMs: 120_000 });
  }
}

async function prepare({ dataDir, packageFolder }: EmbeddedPostgresOptions): Promise<Cluster> {
  const account = postgresAccount();
  const binaries = await postgresBinaries(account, { packageFolder });
  return { binaries, account, home: await postgresHome(dataDir, account) };
}

function command({ binaries, home, account }: Cluster, port: number, settings: Record<string, string> = {}) {
  const fixed = {
    listen_addresses: host,
    port: String(port),
    unix_socket_directories: '', // none: its path would have to fit 107 bytes
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  const options = Object.entries({ ...fixed, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    command: path.join(binaries, 'bin', 'postgres'),
    args: ['-D', path.join(home, 'data'), ...options],
    env: clusterEnvironment(),
    stopSignal: 'SIGINT' as const,
    logFile: path.join(home, 'postgres.log'),
    pidFile: path.join(home, 'postgres.pid'),
    ...account,
  };
}

/** Creates a database if it does not exist. The name is quoted, not validated. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

async function withClient(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the query that was running rejects as well
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
