import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One version of the SQL: what leads to it from the version before. */
export interface OutboxVersion {
  readonly number: number;
  readonly sql: string;
}

/** Returns all versions that this release has, oldest first. */
export function outboxVersions(): readonly OutboxVersion[] {
  const folder = sqlFolder();
  return readdirSync(folder)
    .toSorted()
    .map((version) => ({ number: Number(version), sql: textOf(path.join(folder, version)) }));
}

/** The SQL of all versions after `installed`, for people who want to read or run it themselves. */
export function outboxSql(installed = 0): string {
  const missing = outboxVersions().filter(({ number }) => number > installed);
  return missing.map(({ number, sql }) => `-- Version ${number}\n${sql}`).join('\n');
}

/** The nearest folder `sql` above this code: beside `src`, and above a bundle. */
function sqlFolder(from = import.meta.dirname): string {
  const folder = path.join(from, 'sql');
  const parent = path.dirname(from);
  return existsSync(folder) || parent === from ? folder : sqlFolder(parent);
}

function textOf(folder: string): string {
  const files = readdirSync(folder).toSorted();
  return files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
}
