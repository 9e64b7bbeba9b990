import { Client } from 'pg';
import { assertMigrated } from './migrations.ts';
import { columnTypes } from './columnTypes.ts';
import { connected, translated } from './translated.ts';

const PING_INTERVAL_MS = 3_000;
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Postgres itself ends the session of a process that is frozen or disconnected, which frees its lock and rolls back its
 * transaction: idle for 10 s means that three pings were missed.
 * Generic plans use the primary key; given 5,000 values, Postgres would scan the table.
 */
const SESSION_SETTINGS = `SELECT set_config('idle_session_timeout', '10s', false),
  set_config('plan_cache_mode', 'force_generic_plan', false)`;

const LIMITS = {
  connectionTimeoutMillis: 5_000,
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 10_000,
};

/**
 * A second set of tables has the same names in a schema of its own, so that the same statements write it. No other schema
 * is on the search path, or the statements would find the live tables once that schema is dropped. Commits do not wait
 * for the disk: what a crash of Postgres loses includes the checkpoint. A lost connection ends even a long statement.
 */
const SECOND_SETTINGS = `SELECT set_config('search_path', quote_ident($1), false),
  set_config('synchronous_commit', 'off', false), set_config('client_connection_check_interval', '1s', false)`;

export interface DedicatedConnectionOptions {
  /** Shown to operators in `pg_stat_activity`, e.g. `rebuild`; default `projector`. */
  readonly name?: string;
  /** The schema of a second set of tables; default the live ones. */
  readonly schema?: string | undefined;
  /** The time limit of a statement in milliseconds; default 30 s, 0 for none. */
  readonly statementTimeoutMs?: number;
}

/** A connection that is not pooled: the locks taken on it end with it. */
export interface DedicatedConnection {
  readonly client: Client;
  /** Aborted as soon as the connection is known to be lost. */
  readonly ended: AbortSignal;
  close(): Promise<void>;
}

/** Connects and checks the tables. @throws ReadModelUnavailableError, DatabaseRefusedError, SchemaMismatchError. */
export async function openDedicatedConnection(
  databaseUrl: string,
  { name = 'projector', schema, statementTimeoutMs = 30_000 }: DedicatedConnectionOptions = {},
): Promise<DedicatedConnection> {
  const client = new Client({
    ...LIMITS,
    statement_timeout: statementTimeoutMs,
    ...(statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + 5_000 }),
    connectionString: databaseUrl,
    application_name: `jobstream-${name}`,
    // Independent statements are sent without waiting for results; failures are reported one by one.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types: columnTypes,
  });
  const ended = endOf(client);
  const close = () => closeClient(client);
  try {
    await connected(client.connect(), databaseUrl);
    await translated(client.query(SESSION_SETTINGS));
    await translated(assertMigrated(client));
    if (schema !== undefined) await translated(client.query(SECOND_SETTINGS, [schema]));
  } catch (error) {
    await close();
    throw error;
  }
  pingUntil(ended, client);
  return { client, ended, close };
}

/** A server that is frozen never answers the termination message. */
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
