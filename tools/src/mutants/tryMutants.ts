import { globSync } from 'node:fs';
import { chooseMutants } from './chooseMutants.ts';
import { findKiller } from './findKiller.ts';
import type { RunTests } from './findKiller.ts';
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
  /** How many test files run at once. */
  readonly jobs: number;
  readonly say: (line: string) => void;
  readonly save: (results: MutantResults) => Promise<void>;
}

/** Milliseconds for a test that a mutant makes wait for ever, and for one that has failed and gets a second chance. */
const [TEST_TIMEOUT_MS, REPEAT_TIMEOUT_MS] = [30_000, 60_000];

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
  const counted = () => tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler').length;
  const timeoutMs = await timeLimit(trial);
  for (const mutant of chooseMutants(await allMutants(workspace, results.package), results.seed)) {
    if (counted() >= count) break;
    if (done.has(mutant.id)) continue;
    const verdict = await workspace.with(mutant, () => judge(trial, mutant, timeoutMs));
    const { id, operator, before, after } = mutant;
    tried.push({ id, operator, before, after, verdict });
    await save({ ...results, tried });
    say(`${counted()}/${count} ${id}: ${describe(verdict)}`);
  }
}

/** Tries the survivors again, after tests were added for them. */
export async function trySurvivors(trial: MutantTrial): Promise<void> {
  const { workspace, results, say, save } = trial;
  const timeoutMs = await timeLimit(trial);
  const mutants = await allMutants(workspace, results.package);
  const tried = [...results.tried];
  for (const [index, survivor] of tried.entries()) {
    if (survivor.verdict.kind !== 'survived') continue;
    const mutant = mutants.find(({ id, before, after }) => isSame({ id, before, after }, survivor));
    const verdict = mutant && (await workspace.with(mutant, () => judge(trial, mutant, timeoutMs)));
    if (verdict?.kind === 'killed') tried[index] = { ...survivor, verdict: { ...verdict, later: true } };
    await save({ ...results, tried });
    say(`${survivor.id}: ${verdict === undefined ? 'its place has changed' : describe(verdict)}`);
  }
}

function isSame(mutant: Pick<Mutant, 'id' | 'before' | 'after'>, other: TriedMutant): boolean {
  return mutant.id === other.id && mutant.before === other.before && mutant.after === other.after;
}

async function allMutants(workspace: MutantWorkspace, packageFolder: string): Promise<Mutant[]> {
  const files = globSync(`${packageFolder}/src/**/*.ts`, { cwd: workspace.folder });
  const product = files.filter((file) => !file.endsWith('.test.ts')).toSorted();
  const found = await Promise.all(product.map(async (file) => mutantsOf(file, await workspace.read(file))));
  return found.flat();
}

/** Checks that all is well without a mutant; a run with one may take three times as long and a minute. */
async function timeLimit(trial: MutantTrial): Promise<number> {
  const { workspace, results, say } = trial;
  if (!(await workspace.typeChecks(results.package))) throw new Error('without a mutant the type check fails');
  const files = testsOfMutant(workspace.folder, results.package, '').flat();
  say(`running ${files.length} test files of ${results.package} without a mutant`);
  const began = performance.now();
  const killer = await findKiller(files, runner(trial, 30 * 60_000));
  if (killer !== undefined) throw new Error(`without a mutant a test fails: ${killer}`);
  const ms = Math.round(performance.now() - began);
  say(`passed in ${Math.round(ms / 1_000)} s`);
  return 3 * ms + 60_000;
}

async function judge(trial: MutantTrial, mutant: Mutant, timeoutMs: number): Promise<Verdict> {
  const { workspace, results } = trial;
  if (!(await workspace.typeChecks(results.package))) return { kind: 'refused by the compiler' };
  for (const files of testsOfMutant(workspace.folder, results.package, mutant.file)) {
    const by = await findKiller(files, runner(trial, timeoutMs));
    if (by !== undefined) return { kind: 'killed', by };
  }
  return { kind: 'survived' };
}

function runner({ workspace: { folder }, jobs }: MutantTrial, timeoutMs: number): RunTests {
  return (files, isRepeat) => {
    const testTimeoutMs = isRepeat ? REPEAT_TIMEOUT_MS : TEST_TIMEOUT_MS;
    return runMutantTests({ folder, files, jobs, timeoutMs, testTimeoutMs });
  };
}

function describe(verdict: Verdict): string {
  return verdict.kind === 'killed' ? `killed by ${verdict.by}` : verdict.kind;
}
