import { globSync } from 'node:fs';
import { chooseMutants } from './chooseMutants.ts';
import { findKiller } from './findKiller.ts';
import type { RunTests } from './findKiller.ts';
import { mutantsOf } from './mutationOperators.ts';
import type { Mutant } from './mutationOperators.ts';
import type { MutantResults, Remarks, TriedMutant, Verdict } from './mutantResults.ts';
import type { MutantWorkspace } from './mutantWorkspace.ts';
import { refusedMutants } from './refusedMutants.ts';
import type { Compile } from './refusedMutants.ts';
import { fileOf, runMutantTests } from './runMutantTests.ts';
import { testsElsewhere, testsOfMutant } from './testsOfMutant.ts';

export interface MutantTrial {
  readonly workspace: MutantWorkspace;
  /** Earlier trials are not repeated. */
  readonly results: MutantResults;
  /** How many mutants to try that the compiler accepts, earlier ones included. */
  readonly count: number;
  /** How many test files run at once. */
  readonly jobs: number;
  readonly say: (line: string) => void;
  readonly save: (results: MutantResults) => Promise<void>;
}

/** Milliseconds for a test that a mutant makes wait for ever, and for one that has failed and gets a second chance. */
const [TEST_TIMEOUT_MS, REPEAT_TIMEOUT_MS] = [30_000, 60_000];
const REFUSED: Verdict = { kind: 'refused by the compiler' };
/** Milliseconds for a run of tests, which take some minutes at most. */
const RUN_TIMEOUT_MS = 15 * 60_000;

/**
 * Plants one mutant after the other and runs the tests of the package until one fails. The order of the mutants follows
 * from the seed.
 *
 * @throws Error when the type check or the tests fail without a mutant.
 */
export async function tryMutants(trial: MutantTrial): Promise<void> {
  const { workspace, results, count, say, save } = trial;
  const tried = [...results.tried];
  const done = new Set(tried.map(({ id }) => id));
  const missing = () => count - tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler').length;
  const known = await checkedTests(trial);
  const chosen = chooseMutants(await allMutants(workspace, results.package), results.seed);
  const left = chosen.filter(({ id }) => !done.has(id));
  while (missing() > 0 && left.length > 0) {
    const next = left.splice(0, missing());
    const refused = await refusedMutants(next, compiler(trial));
    for (const mutant of next) {
      const verdict = refused.has(mutant) ? REFUSED : await judge(trial, mutant, tried, known);
      tried.push({ ...listed(mutant), verdict });
      await save({ ...results, tried });
      say(`${count - missing()}/${count} ${mutant.id}: ${describe(verdict)}`);
    }
  }
}

/** Tries the survivors that no remark explains again with the tests of today, then with those of other packages. */
export async function trySurvivors(trial: MutantTrial, remarks: Remarks): Promise<void> {
  const { workspace, results, say, save } = trial;
  const known = await checkedTests(trial);
  const mutants = await allMutants(workspace, results.package);
  const elsewhere = testsElsewhere(workspace.folder, results.package);
  const tried = [...results.tried];
  for (const [index, survivor] of tried.entries()) {
    if (survivor.verdict.kind !== 'survived' || remarks[survivor.id] !== undefined) continue;
    const mutant = mutants.find((candidate) => isSame(candidate, survivor));
    const by = mutant && (await killerOf(trial, mutant, [...testsNear(trial, mutant, tried), elsewhere], known));
    if (by !== undefined) tried[index] = { ...survivor, verdict: { kind: 'killed', by, later: true } };
    await save({ ...results, tried });
    say(`${survivor.id}: ${mutant === undefined ? 'its place has changed' : (by ?? 'survived')}`);
  }
}

function isSame(mutant: Mutant, other: TriedMutant): boolean {
  return mutant.id === other.id && mutant.before === other.before && mutant.after === other.after;
}

function listed({ id, operator, before, after }: Mutant): Omit<TriedMutant, 'verdict'> {
  return { id, operator, before, after };
}

async function allMutants(workspace: MutantWorkspace, packageFolder: string): Promise<Mutant[]> {
  const files = globSync(`${packageFolder}/src/**/*.ts`, { cwd: workspace.folder });
  const product = files.filter((file) => !file.endsWith('.test.ts')).toSorted();
  const found = await Promise.all(product.map(async (file) => mutantsOf(file, await workspace.read(file))));
  return found.flat();
}

/** Checks the types, and returns the test files that are known to pass without a mutant: none yet. */
async function checkedTests({ workspace, results }: MutantTrial): Promise<Set<string>> {
  const [mistaken] = await workspace.filesWithMistakes(results.package);
  if (mistaken !== undefined) throw new Error(`without a mutant the type check fails: ${mistaken}`);
  return new Set();
}

function compiler({ workspace, results }: MutantTrial): Compile {
  return (mutants) => workspace.with(mutants, () => workspace.filesWithMistakes(results.package));
}

async function judge(
  trial: MutantTrial,
  mutant: Mutant,
  tried: readonly TriedMutant[],
  known: Set<string>,
): Promise<Verdict> {
  const by = await killerOf(trial, mutant, testsNear(trial, mutant, tried), known);
  return by === undefined ? { kind: 'survived' } : { kind: 'killed', by };
}

function testsNear({ workspace, results }: MutantTrial, { file }: Mutant, tried: readonly TriedMutant[]): string[][] {
  const killers = tried.flatMap(({ id, verdict }) => {
    const test = verdict.kind === 'killed' ? fileOf(verdict.by) : undefined;
    return test === undefined ? [] : [{ test, mutated: id.slice(0, id.indexOf(':')) }];
  });
  return testsOfMutant(workspace.folder, results.package, file, killers);
}

/**
 * Returns the first test that kills the mutant.
 *
 * @param known the test files that pass without a mutant; those that have to are added.
 * @throws Error when the file of the test fails without the mutant as well.
 */
async function killerOf(
  trial: MutantTrial,
  mutant: Mutant,
  groups: readonly string[][],
  known: Set<string>,
): Promise<string | undefined> {
  const runTests = runner(trial);
  for (const files of groups) {
    const by = await trial.workspace.with([mutant], () => findKiller(files, runTests));
    if (by === undefined) continue;
    const file = fileOf(by);
    const suspects = (file === undefined ? files : [file]).filter((suspect) => !known.has(suspect));
    const without = await findKiller(suspects, runTests);
    if (without !== undefined) throw new Error(`without a mutant a test fails: ${without}`);
    for (const suspect of suspects) known.add(suspect);
    return by;
  }
  return undefined;
}

function runner({ workspace: { folder }, jobs }: MutantTrial): RunTests {
  return (files, isRepeat) => {
    const testTimeoutMs = isRepeat ? REPEAT_TIMEOUT_MS : TEST_TIMEOUT_MS;
    return runMutantTests({ folder, files, jobs, timeoutMs: RUN_TIMEOUT_MS, testTimeoutMs });
  };
}

function describe(verdict: Verdict): string {
  return verdict.kind === 'killed' ? `killed by ${verdict.by}` : verdict.kind;
}
