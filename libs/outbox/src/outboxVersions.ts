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

/** The SQL beside `src`, and above a bundle: as it lies there alone, or as it lies in the repository. */
function sqlFolder(from = import.meta.dirname): string {
  const folder = ['sql', 'libs/outbox/sql'].map((name) => path.join(from, name)).find((name) => existsSync(name));
  const parent = path.dirname(from);
  if (folder === undefined && parent === from)
    throw new Error('The SQL of the outbox is missing from this installation.');
  return folder ?? sqlFolder(parent);
}

function textOf(folder: string): string {
  const files = readdirSync(folder).toSorted();
  return files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
}
