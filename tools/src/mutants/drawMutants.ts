import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { chooseMutants } from './chooseMutants.ts';
import { readEarlierResults } from './mutantResults.ts';
import type { TriedMutant } from './mutantResults.ts';
import { isTiming, mutantsOf } from './mutationOperators.ts';
import type { Mutant } from './mutationOperators.ts';

/** Returns the source files of a package without its tests. */
export function productOf(root: string, packageFolder: string): string[] {
  const files = globSync(`${packageFolder}/src/**/*.ts`, { cwd: root });
  return files.filter((file) => !file.endsWith('.test.ts')).toSorted();
}

/** Returns the mutants of a package, in the order of its files and their text. */
export async function mutantsIn(root: string, packageFolder: string): Promise<Mutant[]> {
  const found = productOf(root, packageFolder).map(async (file) =>
    mutantsOf(file, await readFile(path.join(root, file), 'utf8')),
  );
  return (await Promise.all(found)).flat();
}

/**
 * Returns the mutants of time that the seed draws from packages: those of a package in the order of the seed, one of each
 * package in turn. Those that stand in its results are left out, wherever they are by now.
 */
export async function drawTiming(root: string, packageFolders: readonly string[], seed: number): Promise<Mutant[]> {
  const orders = await Promise.all(packageFolders.map((folder) => orderOf(root, folder, seed)));
  const longest = Math.max(0, ...orders.map((order) => order.length));
  return Array.from({ length: longest }, (_, index) => orders.flatMap((order) => order[index] ?? [])).flat();
}

async function orderOf(root: string, packageFolder: string, seed: number): Promise<Mutant[]> {
  const tried = new Set((await readEarlierResults(root, packageFolder))?.tried.map(changeOf));
  const mutants = (await mutantsIn(root, packageFolder)).filter((mutant) => !tried.has(changeOf(mutant)));
  return chooseMutants(mutants, seed).filter(isTiming);
}

/** What a mutant changes in which file, without the line, which other changes move. */
function changeOf({ id, operator, before, after }: Omit<TriedMutant, 'verdict'>): string {
  return [id.slice(0, id.indexOf(':')), operator, before, after].join('\n');
}
