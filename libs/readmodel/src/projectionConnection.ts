import { Client } from 'pg';
import { assertMigrated } from './assertMigrated.ts';
import { columnTypes } from './columnTypes.ts';
import { translated } from './translateError.ts';

const PING_INTERVAL_MS = 3_000;
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Postgres itself ends the session of a process that is frozen or cut off, which frees its lock and rolls back what it
 * was writing: idle for 10 s means that three pings were missed.
 * Planning without the values keeps to the primary key; with 5,000 of them in hand, Postgres would scan the table.
 */
const SESSION_SETTINGS = `SELECT set_config('idle_session_timeout', '10s', false),
  set_config('plan_cache_mode', 'force_generic_plan', false)`;

const LIMITS = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 30_000,
  query_timeout: 35_000,
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 10_000,
};

/** The one connection of a projection: what it may write and its lock live and die together. */
export interface ProjectionConnection {
  readonly client: Client;
  /** Aborted as soon as the connection is known to be gone. */
  readonly ended: AbortSignal;
  close(): Promise<void>;
}

/** Connects and checks the tables. ReadModelUnavailableError, SchemaMismatchError. */
export async function connectProjection(databaseUrl: string): Promise<ProjectionConnection> {
  const client = new Client({
    ...LIMITS,
    connectionString: databaseUrl,
    application_name: 'jobstream-projector',
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types: columnTypes,
  });
  const ended = endOf(client);
  const close = () => closeClient(client);
  try {
    await translated(client.connect());
    await translated(client.query(SESSION_SETTINGS));
    await translated(assertMigrated(client));
  } catch (error) {
    await close();
    throw error;
  }
  pingUntil(ended, client);
  return { client, ended, close };
}

/** A server that is frozen never answers the farewell. */
async function closeClient(client: Client): Promise<void> {
  const giveUp = setTimeout(() => client.connection.stream.destroy(), CLOSE_TIMEOUT_MS);
  await client.end().catch(() => {});
  clearTimeout(giveUp);
}

function endOf(client: Client): AbortSignal {
  const controller = new AbortController();
  client.on('error', () => controller.abort()); // the statement that was running rejects as well
  client.on('end', () => controller.abort());
  return controller.signal;
}

function pingUntil(ended: AbortSignal, client: Client): void {
  const ping = () => void client.query('SELECT 1').catch(() => {}); // a connection that fails ends as well
  const timer = setInterval(ping, PING_INTERVAL_MS).unref();
  ended.addEventListener('abort', () => clearInterval(timer), { once: true });
}
