import { Pool } from 'pg';
import { columnTypes } from './columnTypes.ts';

/**
 * A query waits for a connection at most 1.5 s, Postgres gives up on it after 2.5 s, and should Postgres itself not
 * answer, we do after 3 s: 4.5 s in all, since no request may hang over 5 s.
 */
const TIMEOUTS = { connectionTimeoutMillis: 1_500, statement_timeout: 2_500, query_timeout: 3_000 };

export interface PoolOptions {
  readonly databaseUrl: string;
  /** Shown to operators in `pg_stat_activity`, e.g. `api`. */
  readonly name: string;
  /** 10 unless told. */
  readonly maxConnections?: number;
}

/** A pool of connections whose queries never take longer than 5 s. */
export function createPool({ databaseUrl, name, maxConnections = 10 }: PoolOptions): Pool {
  const pool = new Pool({
    ...TIMEOUTS,
    connectionString: databaseUrl,
    application_name: `jobstream-${name}`,
    max: maxConnections,
    keepAlive: true,
    allowExitOnIdle: true,
    types: columnTypes,
  });
  pool.on('error', () => {}); // an idle connection was lost: the pool opens another when it is asked for one
  return pool;
}
