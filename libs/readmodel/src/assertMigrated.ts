import { DatabaseError } from 'pg';
import type { Pool } from 'pg';
import { SchemaMismatchError } from './errors.ts';
import { migrationNames, migrationsTable } from './migrations.ts';

const UNDEFINED_TABLE = '42P01';

/**
 * Throws a SchemaMismatchError unless all migrations of this release were run. Those of a newer one are taken: they leave
 * the release before able to run, or it could not be started again during an update.
 */
export async function assertMigrated(database: Pick<Pool, 'query'>): Promise<void> {
  const [known, run] = await Promise.all([migrationNames(), namesRun(database)]);
  const missing = known.filter((name) => !run.includes(name));
  if (missing.length > 0) {
    throw new SchemaMismatchError(`migration ${missing.join(', ')} has not been run; run: npm run migrate`);
  }
}

async function namesRun(database: Pick<Pool, 'query'>): Promise<string[]> {
  try {
    const { rows } = await database.query<{ name: string }>(`SELECT name FROM ${migrationsTable} ORDER BY id`);
    return rows.map((row) => row.name);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
