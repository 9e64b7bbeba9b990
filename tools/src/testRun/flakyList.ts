import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

const PAGE = 'docs/measurements/flaky.md';
const ROW =
  /^\| `(?<file>[^`]+)` +\| (?<since>\d{4}-\d{2}-\d{2}): (?<failure>.*?) +\| (?<cause>.*?) +\| (?<mend>.*?) +\|$/u;

/** A file that has once failed and then passed alone. */
export interface FlakyEntry {
  readonly file: string;
  /** The day of its first failure, as `2026-01-31`. */
  readonly since: string;
  readonly isMended: boolean;
}

/** Reads docs/measurements/flaky.md. */
export async function readFlakyList(): Promise<readonly FlakyEntry[]> {
  return flakyEntries(await readFile(path.join(repositoryRoot, PAGE), 'utf8'));
}

/** @throws Error for a row of the table that is not `` `file` | day: failure | cause | mend ``. */
export function flakyEntries(page: string): readonly FlakyEntry[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const { file, since, mend } = ROW.exec(line)?.groups ?? {};
      if (file === undefined || since === undefined) throw new Error(`${PAGE} has a row that cannot be read: ${line}`);
      return { file, since, isMended: mend !== '–' };
    });
}

/** Returns the row for a file that has just been found to be flaky; its cause and its mend are to come. */
export function flakyRow(file: string, failure: string, now: Date): string {
  const cell = failure.replaceAll('|', String.raw`\|`);
  return `| \`${file}\` | ${now.toISOString().slice(0, 10)}: ${cell} | – | – |`;
}
