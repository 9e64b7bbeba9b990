import { globSync } from 'node:fs';
import { chooseMutants } from './chooseMutants.ts';
import { mutantsOf } from './mutationOperators.ts';
import type { Mutant } from './mutationOperators.ts';
import type { MutantResults, TriedMutant, Verdict } from './mutantResults.ts';
import type { MutantWorkspace } from './mutantWorkspace.ts';
import { runMutantTests } from './runMutantTests.ts';
import { testsOfMutant } from './testsOfMutant.ts';

export interface MutantTrial {
  readonly workspace: MutantWorkspace;
  /** Earlier trials are not repeated. */
  readonly results: MutantResults;
  /** How many mutants to try that the compiler accepts, earlier ones included. */
  readonly count: number;
  readonly say: (line: string) => void;
  readonly save: (results: MutantResults) => Promise<void>;
}

/**
 * Plants one mutant after the other and runs the tests of the package until one fails. The order of the mutants follows
 * from the seed.
 *
 * @throws Error when the type check or the tests fail without a mutant.
 */
export async function tryMutants({ workspace, results, count, say, save }: MutantTrial): Promise<void> {
  const tried = [...results.tried];
  const done = new Set(tried.map(({ id }) => id));
  const counted = () => tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler').length;
  if (!(await workspace.typeChecks())) throw new Error('without a mutant the type check fails: npm run typecheck');
  const timeoutMs = await timeLimit(workspace, results.package, say);
  for (const mutant of chooseMutants(await allMutants(workspace, results.package), results.seed)) {
    if (counted() >= count) break;
    if (done.has(mutant.id)) continue;
    const verdict = await workspace.with(mutant, () => judge(workspace, results.package, mutant, timeoutMs));
    const { id, operator, before, after } = mutant;
    tried.push({ id, operator, before, after, verdict });
    await save({ ...results, tried });
    say(`${counted()}/${count} ${id}: ${describe(verdict)}`);
  }
}

/** The share of the mutants that were killed among those that the compiler accepts and that are not equivalent. */
export function score(tried: readonly TriedMutant[], isEquivalent: (id: string) => boolean): number {
  const counted = tried.filter(({ id, verdict }) => verdict.kind !== 'refused by the compiler' && !isEquivalent(id));
  return counted.filter(({ verdict }) => verdict.kind === 'killed').length / counted.length;
}

async function allMutants(workspace: MutantWorkspace, packageFolder: string): Promise<Mutant[]> {
  const files = globSync(`${packageFolder}/src/**/*.ts`, { cwd: workspace.folder });
  const product = files.filter((file) => !file.endsWith('.test.ts')).toSorted();
  const found = await Promise.all(product.map(async (file) => mutantsOf(file, await workspace.read(file))));
  return found.flat();
}

/** Runs the tests once without a mutant; a run with one may take three times as long and a minute. */
async function timeLimit(workspace: MutantWorkspace, packageFolder: string, say: (line: string) => void) {
  const files = testsOfMutant(workspace.folder, packageFolder, '').flat();
  say(`running ${files.length} test files of ${packageFolder} without a mutant`);
  const outcome = await runMutantTests(workspace.folder, files, 15 * 60_000);
  if (outcome.kind !== 'passed') throw new Error(`without a mutant the tests ${outcome.kind}: ${outcome.by ?? ''}`);
  say(`passed in ${Math.round(outcome.ms / 1_000)} s`);
  return 3 * outcome.ms + 60_000;
}

async function judge(
  workspace: MutantWorkspace,
  packageFolder: string,
  mutant: Mutant,
  timeoutMs: number,
): Promise<Verdict> {
  if (!(await workspace.typeChecks())) return { kind: 'refused by the compiler' };
  for (const files of testsOfMutant(workspace.folder, packageFolder, mutant.file)) {
    const outcome = await runMutantTests(workspace.folder, files, timeoutMs);
    if (outcome.kind === 'timed out') return { kind: 'killed', by: 'the time limit of the run' };
    if (outcome.kind === 'failed') return { kind: 'killed', by: outcome.by ?? '' };
  }
  return { kind: 'survived' };
}

function describe(verdict: Verdict): string {
  return verdict.kind === 'killed' ? `killed by ${verdict.by}` : verdict.kind;
}
