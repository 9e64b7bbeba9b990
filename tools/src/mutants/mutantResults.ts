import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Mutant } from './mutationOperators.ts';

/** What became of a mutant. One that the compiler refuses does not count. */
export type Verdict =
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'survived' }
  | { readonly kind: 'refused by the compiler' };

export type TriedMutant = Pick<Mutant, 'id' | 'operator' | 'before' | 'after'> & { readonly verdict: Verdict };

/** The trials of a package, in a file that later calls complete. */
export interface MutantResults {
  readonly package: string;
  readonly commit: string;
  readonly seed: number;
  readonly tried: readonly TriedMutant[];
}

/** Why a survivor is no defect of the tests, or which test was added for it, by the mutant's id. */
export type Remarks = Readonly<Record<string, { readonly kind: 'equivalent' | 'test added'; readonly remark: string }>>;

/** The folder of the results, relative to the repository. */
export const RESULTS_FOLDER = path.join('docs', 'measurements', 'mutants');

/** Reads the results that another run of the same package, commit and seed has left; else there are none yet. */
export async function readResults(root: string, wanted: Omit<MutantResults, 'tried'>): Promise<MutantResults> {
  const found = await readJson<MutantResults>(resultsFile(root, wanted.package));
  const same = found?.commit === wanted.commit && found.seed === wanted.seed;
  return { ...wanted, tried: same ? found.tried : [] };
}

export async function writeResults(root: string, results: MutantResults): Promise<void> {
  await mkdir(path.join(root, RESULTS_FOLDER), { recursive: true });
  await writeFile(resultsFile(root, results.package), `${JSON.stringify(results, undefined, 2)}\n`);
}

export async function readJson<Content>(file: string): Promise<Content | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function resultsFile(root: string, packageFolder: string): string {
  return path.join(root, RESULTS_FOLDER, `${packageFolder.replaceAll('/', '-')}.json`);
}
