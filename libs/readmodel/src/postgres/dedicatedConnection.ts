import { Client } from 'pg';
import { assertMigrated } from './migrations.ts';
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
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 10_000,
};

/**
 * A second set of tables lies in a schema of its own under the same names: so the same statements write it. Nothing else
 * is on the path, lest they find the live tables once that schema is gone. What a crash of Postgres takes back is
 * consistent with its checkpoint, so no commit waits for the disk. A client that is gone ends even a long statement.
 */
const SECOND_SETTINGS = `SELECT set_config('search_path', quote_ident($1), false),
  set_config('synchronous_commit', 'off', false), set_config('client_connection_check_interval', '1s', false)`;

export interface DedicatedConnectionOptions {
  /** Shown to operators in `pg_stat_activity`, e.g. `rebuild`; `projector` unless told. */
  readonly name?: string;
  /** The schema of a second set of tables; the live ones unless told. */
  readonly schema?: string | undefined;
  /** How long a statement may take; 30 s unless told, 0 is as long as it likes. */
  readonly statementTimeoutMs?: number;
}

/** The one connection of a projection: what it may write and its lock live and die together. */
export interface DedicatedConnection {
  readonly client: Client;
  /** Aborted as soon as the connection is known to be gone. */
  readonly ended: AbortSignal;
  close(): Promise<void>;
}

/** Connects and checks the tables. ReadModelUnavailableError, SchemaMismatchError. */
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
    // What is independent goes out without waiting for answers; failures come back one by one.
    pipeline: true,
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
    if (schema !== undefined) await translated(client.query(SECOND_SETTINGS, [schema]));
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
