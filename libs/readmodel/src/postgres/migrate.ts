import { setTimeout as pause } from 'node:timers/promises';
import type { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { ReadModelUnavailableError } from '../errors.ts';
import { isLockTimeout, LONGEST_LOCK_WAIT } from './inTransaction.ts';
import { migrationsFolder, migrationsTable } from './migrations.ts';
import { connected, translated } from './translated.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

const KEEP_TRYING_MS = 120_000;
/** In which the readers that queued behind our lock get their turn. */
const PAUSE_MS = 1_000;

/**
 * Runs the migrations that are missing, all in one transaction. Several processes may call it at once: one works, the
 * others wait. While a long transaction blocks it, it lets readers pass and retries for two minutes.
 *
 * @throws ReadModelUnavailableError, DatabaseRefusedError; an error of Postgres when a migration fails.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the statement that was running rejects as well
  try {
    await connected(client.connect(), databaseUrl);
    await translated(migrateWith(client));
  } finally {
    await client.end().catch(() => {});
  }
}

async function migrateWith(client: Client): Promise<void> {
  // Loaded on demand: it brings a TypeScript compiler, which the apps do not need.
  const { PG_MIGRATE_LOCK_ID, runner: run } = await import('node-pg-migrate');
  // Before lock_timeout is set, which would apply to this lock as well; only other migrations queue behind it.
  await client.query(`SELECT pg_advisory_lock(${PG_MIGRATE_LOCK_ID})`);
  await client.query(`SET lock_timeout = '${LONGEST_LOCK_WAIT}'`);
  await untilUnlocked(() => runMigrations(client, run));
}

async function untilUnlocked(work: () => Promise<void>): Promise<void> {
  for (const end = performance.now() + KEEP_TRYING_MS; ;) {
    try {
      return await work();
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (performance.now() > end) throw inUse(error);
    }
    await pause(PAUSE_MS);
  }
}

function inUse(cause: unknown): ReadModelUnavailableError {
  return new ReadModelUnavailableError('another session uses its tables in a long transaction', { cause });
}

async function runMigrations(dbClient: Client, run: typeof runner): Promise<void> {
  await run({
    dbClient,
    dir: migrationsFolder(),
    migrationsTable,
    direction: 'up',
    singleTransaction: true,
    noLock: true, // we hold it
    logger: silent,
  });
}
