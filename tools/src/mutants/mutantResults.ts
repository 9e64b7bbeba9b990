import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Mutant } from './mutationOperators.ts';

const run = promisify(execFile);

/** What became of a mutant. One that the compiler refuses does not count. */
export type Verdict =
  /** `later`: it had survived the tests of the package; a test was added, or one of another package kills it. */
  | { readonly kind: 'killed'; readonly by: string; readonly later?: true }
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

/**
 * Reads the results that another run of the same package and seed has left, unless the code has changed since; else there
 * are none yet.
 */
export async function readResults(root: string, packageFolder: string, seed: number): Promise<MutantResults> {
  const found = await readEarlierResults(root, packageFolder);
  if (found?.seed === seed && (await hasSameCode(root, found))) return found;
  const { stdout } = await run('git', ['rev-parse', 'HEAD'], { cwd: root });
  return { package: packageFolder, commit: stdout.trim(), seed, tried: [] };
}

/** Reads the results of a package, of whatever code. */
export function readEarlierResults(root: string, packageFolder: string): Promise<MutantResults | undefined> {
  return readJson<MutantResults>(resultsFile(root, packageFolder));
}

/** Returns the test files that were added or changed since the commit of the results. */
export async function testsChangedSince(root: string, { commit }: MutantResults): Promise<ReadonlySet<string>> {
  const { stdout } = await run('git', ['diff', '--name-only', commit, '--', '*.test.ts'], { cwd: root });
  return new Set(stdout.split('\n').filter((file) => file !== ''));
}

export async function writeResults(root: string, results: MutantResults): Promise<void> {
  await mkdir(path.join(root, RESULTS_FOLDER), { recursive: true });
  await writeFile(resultsFile(root, results.package), `${JSON.stringify(results, undefined, 2)}\n`);
}

/** Reads the remarks on survivors. */
export async function readRemarks(root: string): Promise<Remarks> {
  return (await readJson<Remarks>(path.join(root, RESULTS_FOLDER, 'remarks.json'))) ?? {};
}

export async function readJson<Content>(file: string): Promise<Content | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the code of the package, without its tests, is that of the commit of the results. */
function hasSameCode(root: string, { package: folder, commit }: MutantResults): Promise<boolean> {
  return run('git', ['diff', '--quiet', commit, '--', `${folder}/src`, `:!${folder}/**/*.test.ts`], { cwd: root }).then(
    () => true,
    () => false,
  );
}

function resultsFile(root: string, packageFolder: string): string {
  return path.join(root, RESULTS_FOLDER, `${packageFolder.replaceAll('/', '-')}.json`);
}
