import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { TestModule } from 'vitest/node';

const PAGE = 'docs/measurements/slow-tests.md';
const SHOWN = 20;
const SLOW_SECONDS = 10;

/** Returns a line for each of the slowest files: its seconds, and for one above ten the reason that the list of slow files has. */
export async function slowLines(modules: readonly TestModule[]): Promise<readonly string[]> {
  const reasons = slowReasons(await readFile(path.join(repositoryRoot, PAGE), 'utf8'));
  const files = modules.map((module) => ({ file: module.relativeModuleId, seconds: secondsOf(module) }));
  return files
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SHOWN)
    .map(({ file, seconds }) => {
      const reason = reasons.get(file) ?? `above ${SLOW_SECONDS} s without a reason in ${PAGE}`;
      return `${seconds.toFixed(1).padStart(7)} s  ${file}${seconds > SLOW_SECONDS ? `: ${reason}` : ''}`;
    });
}

/** Its imports and all set-up included. */
function secondsOf(module: TestModule): number {
  const { collectDuration, duration, setupDuration } = module.diagnostic();
  return (collectDuration + duration + setupDuration) / 1_000;
}

/** Returns the reasons by file. */
export function slowReasons(page: string): ReadonlyMap<string, string> {
  const rows = page.matchAll(/^\| `(?<file>[^`]+)` +\| (?<reason>.*?) +\|$/gmu);
  return new Map([...rows].map(({ groups }) => [groups?.['file'] ?? '', groups?.['reason'] ?? '']));
}
