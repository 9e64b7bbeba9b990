import type { Client } from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { closedUnless } from './closedUnless.ts';
import { openDedicatedConnection } from './dedicatedConnection.ts';
import type { DedicatedConnection } from './dedicatedConnection.ts';
import { translated } from './translated.ts';

/** Advisory locks: the process that holds one works, the others refuse. */
export const ADVISORY_LOCKS = {
  /** Held by the process that runs a rebuild or a rollback. */
  rebuild: 'jobstream rebuild jobs',
  /** Held by the process that runs a verification. */
  verify: 'jobstream verify jobs',
} as const;

/** A connection without a statement timeout, for statements on whole tables. */
export interface AdminConnection {
  readonly client: Client;
  /** The schema of the live tables. */
  readonly live: string;
  /** Takes a lock that ends with the connection; false while another process holds it. */
  tryLock(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A process that was killed a moment ago may still hold its lock. */
const LOCK_TRIES = 15;
const LOCK_PAUSE_MS = 200;

const SETTINGS = `SELECT current_schema() AS live, set_config('client_connection_check_interval', '1s', false),
  set_config('jit', 'off', false)`;
const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';

/** Connects and checks the tables. @throws ReadModelUnavailableError, SchemaMismatchError. */
export async function openAdminConnection(databaseUrl: string): Promise<AdminConnection> {
  const connection = await openDedicatedConnection(databaseUrl, { name: 'rebuild', statementTimeoutMs: 0 });
  return closedUnless(connection, adminConnection);
}

async function adminConnection(connection: DedicatedConnection): Promise<AdminConnection> {
  const { client } = connection;
  const { rows } = await translated(client.query<{ live: string }>(SETTINGS));
  return {
    client,
    live: rows[0]?.live ?? 'public',
    tryLock: (name) => tryLock(client, name),
    close: () => connection.close(),
  };
}

async function tryLock(client: Client, name: string): Promise<boolean> {
  for (let tries = 1; tries <= LOCK_TRIES; tries++) {
    const { rows } = await translated(client.query<{ locked: boolean }>(TRY_LOCK, [name]));
    if (rows[0]?.locked === true) return true;
    await pause(LOCK_PAUSE_MS);
  }
  return false;
}
