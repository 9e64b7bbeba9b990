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
 * Returns the test files of a package for the mutants of a file in groups, the most promising first: those that have
 * killed mutants of the file, its own, those of its folder, those that have killed mutants of its folder, the others.
 *
 * @param killers test files that have killed mutants of the package, with the mutated file of each.
 */
export function testsOfMutant(
  root: string,
  packageFolder: string,
  file: string,
  killers: readonly { readonly test: string; readonly mutated: string }[],
): string[][] {
  const all = testsIn(root, packageFolder);
  const near = all.filter((test) => isBeside(test, file));
  const sameName = near.filter((test) => path.basename(test).startsWith(`${path.basename(file, '.ts')}.`));
  const killersOf = (isMeant: (mutated: string) => boolean) =>
    all.filter((test) => killers.some((killer) => killer.test === test && isMeant(killer.mutated)));
  const seen = new Set<string>();
  return [
    killersOf((mutated) => mutated === file),
    sameName,
    near,
    killersOf((mutated) => isBeside(mutated, file)),
    all,
  ]
    .map((group) => group.filter((test) => !seen.has(test) && seen.add(test)))
    .filter((group) => group.length > 0);
}

function isBeside(file: string, other: string): boolean {
  return path.dirname(file) === path.dirname(other);
}

/** Returns the test files elsewhere that cover the package. They take long. */
export function testsElsewhere(root: string, packageFolder: string): string[] {
  return (OTHER_TESTS[packageFolder] ?? []).flatMap((beginning) => testsIn(root, beginning));
}

function testsIn(root: string, beginning: string): string[] {
  const files = globSync(`${beginning}{/**/,}*.test.ts`, { cwd: root, exclude: (name) => name === 'node_modules' });
  return files.toSorted();
}
