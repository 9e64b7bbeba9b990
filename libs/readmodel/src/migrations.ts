import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** The folder with the SQL files, at the root of the repository. */
export const migrationsFolder = path.resolve(import.meta.dirname, '../../../migrations');

/** The table in which the migrations that were run are listed. */
export const migrationsTable = 'schema_migrations';

/** The names of all migrations of this release, oldest first. */
export async function migrationNames(): Promise<string[]> {
  const files = await readdir(migrationsFolder);
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => path.basename(file, '.sql'))
    .toSorted();
}
