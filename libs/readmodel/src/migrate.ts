import { Client } from 'pg';
import { migrationsFolder, migrationsTable } from './migrations.ts';
import { translated } from './translateError.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

/**
 * Brings the tables up to this release. Several processes may do so at once: one works, the others wait for it.
 * ReadModelUnavailableError; an error of Postgres when a migration fails, and then none of it has happened.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the statement that was running rejects as well
  try {
    await translated(client.connect());
    await translated(runMigrations(client));
  } finally {
    await client.end().catch(() => {});
  }
}

async function runMigrations(dbClient: Client): Promise<void> {
  // Loaded on demand: it brings a TypeScript compiler along, which the apps have no use for.
  const { runner } = await import('node-pg-migrate');
  await runner({
    dbClient,
    dir: migrationsFolder,
    migrationsTable,
    direction: 'up',
    singleTransaction: true,
    advisoryLockMode: 'wait',
    logger: silent,
  });
}
