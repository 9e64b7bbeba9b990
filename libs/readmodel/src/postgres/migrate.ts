import { setTimeout as pause } from 'node:timers/promises';
import type { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { ReadModelUnavailableError } from '../errors.ts';
import { isLockTimeout, LONGEST_LOCK_WAIT } from './inTransaction.ts';
import { migrationsFolder, migrationsTable } from './migrations.ts';
import { translated } from './translateError.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

const KEEP_TRYING_MS = 120_000;
/** In which those who queued behind us get their turn. */
const PAUSE_MS = 1_000;

/**
 * Brings the tables up to this release. Several processes may do so at once: one works, the others wait for it.
 * ReadModelUnavailableError; an error of Postgres when a migration fails, and then none of it has happened. Where a long
 * transaction is in the way, readers are let past and it tries again for two minutes.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the statement that was running rejects as well
  try {
    await translated(client.connect());
    await translated(migrateWith(client));
  } finally {
    await client.end().catch(() => {});
  }
}

async function migrateWith(client: Client): Promise<void> {
  // Loaded on demand: it brings a TypeScript compiler along, which the apps have no use for.
  const { PG_MIGRATE_LOCK_ID, runner: run } = await import('node-pg-migrate');
  // Before the time limit, which holds for this lock as well: nobody queues behind it but those who migrate.
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
    dir: migrationsFolder,
    migrationsTable,
    direction: 'up',
    singleTransaction: true,
    noLock: true, // we hold it
    logger: silent,
  });
}
