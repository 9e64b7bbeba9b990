import { globSync } from 'node:fs';
import path from 'node:path';

/** Tests outside a package that cover it: folders, or the beginnings of the names of files. */
const OTHER_TESTS: Readonly<Record<string, readonly string[]>> = {
  'libs/client': ['e2e/system/client'],
  'libs/eventlog': ['e2e/eventLog'],
  'libs/readmodel': ['apps/projector/src/projection', 'apps/projector/src/rebuild', 'e2e/readModel'],
  'libs/worker': ['apps/worker/src'],
  'apps/projector': ['e2e/readModel'],
};

/** Packages whose tests start the servers that they need: neither the shared Postgres nor the bundled programs. */
const WITH_OWN_SERVERS = ['libs/client/', 'libs/eventlog/', 'libs/worker/'];

/** Whether these test files do without the set-up of the run, which takes longer than most of them. */
export function startTheirServers(files: readonly string[]): boolean {
  return files.every((file) => WITH_OWN_SERVERS.some((folder) => file.startsWith(folder)));
}

/**
 * Returns the test files of a package for the mutants of a file in groups, the nearest first: its own, those of its
 * folder, the others.
 */
export function testsOfMutant(root: string, packageFolder: string, file: string): string[][] {
  const all = testsIn(root, packageFolder);
  const near = all.filter((test) => path.dirname(test) === path.dirname(file));
  const sameName = near.filter((test) => path.basename(test).startsWith(`${path.basename(file, '.ts')}.`));
  const seen = new Set<string>();
  return [sameName, near, all]
    .map((group) => group.filter((test) => !seen.has(test) && seen.add(test)))
    .filter((group) => group.length > 0);
}

/** Returns the test files elsewhere that cover the package. They take long. */
export function testsElsewhere(root: string, packageFolder: string): string[] {
  return (OTHER_TESTS[packageFolder] ?? []).flatMap((beginning) => testsIn(root, beginning));
}

function testsIn(root: string, beginning: string): string[] {
  const files = globSync(`${beginning}{/**/,}*.test.ts`, { cwd: root, exclude: (name) => name === 'node_modules' });
  return files.toSorted();
}
