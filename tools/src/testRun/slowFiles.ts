import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { TestModule } from 'vitest/node';
import { SLOW_TESTS, slowReasons } from './slowFilesFirst.ts';

const SHOWN = 20;
const SLOW_SECONDS = 10;

/** Returns a line for each of the slowest files: its seconds, and for one above ten the reason that the list of slow files has. */
export async function slowLines(modules: readonly TestModule[]): Promise<readonly string[]> {
  const reasons = slowReasons(await readFile(path.join(repositoryRoot, SLOW_TESTS), 'utf8'));
  const files = modules.map((module) => ({ file: module.relativeModuleId, seconds: secondsOf(module) }));
  return files
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SHOWN)
    .map(({ file, seconds }) => {
      const reason = reasons.get(file) ?? `above ${SLOW_SECONDS} s without a reason in ${SLOW_TESTS}`;
      return `${seconds.toFixed(1).padStart(7)} s  ${file}${seconds > SLOW_SECONDS ? `: ${reason}` : ''}`;
    });
}

/** Its imports and all set-up included. */
function secondsOf(module: TestModule): number {
  const { collectDuration, duration, setupDuration } = module.diagnostic();
  return (collectDuration + duration + setupDuration) / 1_000;
}
