import { assertMigrated } from './migrations.ts';
import { ReadModelUnavailableError } from '../errors.ts';
import { connected, translated } from './translated.ts';
import { Pool } from 'pg';
import { columnTypes } from './columnTypes.ts';

const QUERY_MS = 2_500;

export interface PoolOptions {
  readonly databaseUrl: string;
  /** Shown to operators in `pg_stat_activity`, e.g. `api`. */
  readonly name: string;
  /** Default 10. */
  readonly maxConnections?: number;
  /**
   * After how long Postgres cancels a query; default 2,500 ms. It waits for a connection 0.6 times as long before that, and if
   * Postgres does not answer, the client gives up after 1.2 times as long: 4.5 s in all, since no request may take over 5 s.
   */
  readonly queryMs?: number;
}

/** A service with a pool of connections, which runs no query before it has checked that all migrations were run. */
export abstract class PostgresService {
  abstract readonly name: string;
  readonly #pool: Pool;
  readonly #databaseUrl: string;
  #checked: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#pool = createPool(options);
    this.#databaseUrl = options.databaseUrl;
  }

  /** Checks the tables; resolves also while Postgres is unavailable, since the rest of a process can work without it. */
  async start(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      if (!(error instanceof ReadModelUnavailableError)) throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#pool.end();
    return this.#stopped;
  }

  /** Resolves if Postgres answers and the migrations were run; rejects with the reason otherwise. */
  async ping(): Promise<void> {
    await this.use((pool) => pool.query('SELECT 1'));
  }

  /** Runs `query`. @throws ReadModelUnavailableError, DatabaseRefusedError, SchemaMismatchError, and what `query` throws. */
  protected async use<Result>(query: (pool: Pool) => Promise<Result>): Promise<Result> {
    await this.#check();
    return translated(query(this.#pool));
  }

  /** Not repeated once successful: a running process can continue after later migrations. */
  async #check(): Promise<void> {
    const check = (this.#checked ??= connected(assertMigrated(this.#pool), this.#databaseUrl));
    try {
      await check;
    } catch (error) {
      if (this.#checked === check) this.#checked = undefined;
      throw error;
    }
  }
}

function createPool({ databaseUrl, name, maxConnections = 10, queryMs = QUERY_MS }: PoolOptions): Pool {
  const pool = new Pool({
    connectionTimeoutMillis: 0.6 * queryMs,
    statement_timeout: queryMs,
    query_timeout: 1.2 * queryMs,
    connectionString: databaseUrl,
    application_name: `jobstream-${name}`,
    max: maxConnections,
    keepAlive: true,
    allowExitOnIdle: true,
    types: columnTypes,
  });
  pool.on('error', () => {}); // an idle connection was lost: the pool opens another on demand
  // One in use was lost while no statement ran, which the next statement notices.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}
