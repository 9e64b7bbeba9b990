import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseError } from 'pg';
import type { Pool } from 'pg';
import { SchemaMismatchError } from '../errors.ts';

const UNDEFINED_TABLE = '42P01';

/**
 * Returns the folder with the SQL files: the nearest `migrations` above this code, which is at the root of the repository
 * and, where an app is one bundled file, above the bundle.
 */
export function migrationsFolder(from = import.meta.dirname): string {
  const folder = path.join(from, 'migrations');
  const parent = path.dirname(from);
  return existsSync(folder) || parent === from ? folder : migrationsFolder(parent);
}

/** The table in which the migrations that were run are listed. */
export const migrationsTable = 'schema_migrations';

/** The names of all migrations of this release, oldest first. */
export async function migrationNames(): Promise<string[]> {
  const files = await readdir(migrationsFolder());
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => path.basename(file, '.sql'))
    .toSorted();
}

/**
 * Checks that all migrations of this release were run. Those of a newer release are accepted: they keep the release
 * before able to run, so that it can be restarted during an update.
 *
 * @throws SchemaMismatchError that names the missing ones.
 */
export async function assertMigrated(database: Pick<Pool, 'query'>): Promise<void> {
  const [known, run] = await Promise.all([migrationNames(), namesRun(database)]);
  const missing = known.filter((name) => !run.includes(name));
  if (missing.length > 0) {
    throw new SchemaMismatchError(`migration ${missing.join(', ')} has not been run; the command migrate does it`);
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
