import { globSync } from 'node:fs';
import type { TestReach } from './testReach.ts';

/** Tests outside a package that cover it: folders, or the beginnings of the names of files. */
const OTHER_TESTS: Readonly<Record<string, readonly string[]>> = {
  'libs/client': ['e2e/system/client'],
  'libs/eventlog': ['e2e/eventLog'],
  'libs/readmodel': ['apps/projector/src/projection', 'apps/projector/src/rebuild', 'e2e/readModel'],
  'libs/worker': ['apps/worker/src'],
  'apps/projector': ['e2e/readModel'],
};

/** Packages whose tests start the servers that they need: neither the shared Postgres nor the bundled programs. */
const WITH_OWN_SERVERS = ['libs/client/', 'libs/eventlog/'];

/** How many test files are in the first group; each further group has three times as many. */
const FIRST_GROUP = 2;

/** Whether these test files do without the set-up of the run, which takes longer than most of them. */
export function startTheirServers(files: readonly string[]): boolean {
  return files.every((file) => WITH_OWN_SERVERS.some((folder) => file.startsWith(folder)));
}

/**
 * Returns the test files that run the code of a mutant, in growing groups: preferred ones first, then those that run the
 * least other code, because they know most about it and are fast. Code that no test runs is left to all of them.
 *
 * @param block names the block of the mutant.
 * @param preferred test files that are likely to notice the mutant.
 */
export function testsOfMutant(block: string, reach: readonly TestReach[], preferred: ReadonlySet<string>): string[][] {
  const reaching = reach.filter(({ blocks }) => blocks.includes(block));
  const sorted = (reaching.length === 0 ? reach : reaching).toSorted(
    (left, right) =>
      Number(preferred.has(right.test)) - Number(preferred.has(left.test)) || left.blocks.length - right.blocks.length,
  );
  return inGroups(sorted.map(({ test }) => test));
}

function inGroups(tests: readonly string[], size = FIRST_GROUP): string[][] {
  return tests.length === 0 ? [] : [tests.slice(0, size), ...inGroups(tests.slice(size), size * 3)];
}

/** Returns the test files elsewhere that cover the package. They take long. */
export function testsElsewhere(root: string, packageFolder: string): string[] {
  return (OTHER_TESTS[packageFolder] ?? []).flatMap((beginning) => testsIn(root, beginning));
}

/** Returns the test files in a folder, or in those whose path begins so. */
export function testsIn(root: string, beginning: string): string[] {
  const files = globSync(`${beginning}{/**/,}*.test.ts`, { cwd: root, exclude: (name) => name === 'node_modules' });
  return files.toSorted();
}
