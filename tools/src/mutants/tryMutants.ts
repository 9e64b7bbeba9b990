import { chooseMutants } from './chooseMutants.ts';
import { findKiller } from './findKiller.ts';
import type { RunTests } from './findKiller.ts';
import { mutantsIn, productOf } from './drawMutants.ts';
import type { Mutant } from './mutationOperators.ts';
import type { MutantResults, Remarks, TriedMutant, Verdict } from './mutantResults.ts';
import type { MutantWorkspace } from './mutantWorkspace.ts';
import { refusedMutants } from './refusedMutants.ts';
import type { Compile } from './refusedMutants.ts';
import { blockOf } from './reachProbes.ts';
import { fileOf, runMutantTests } from './runMutantTests.ts';
import { measureReach } from './testReach.ts';
import type { TestReach } from './testReach.ts';
import { testsElsewhere, testsIn, testsOfMutant } from './testsOfMutant.ts';

export interface MutantTrial {
  readonly workspace: MutantWorkspace;
  /** Earlier trials are not repeated. */
  readonly results: MutantResults;
  /** How many mutants to try that the compiler accepts, earlier ones included. */
  readonly count: number;
  /** How many test files run at once. */
  readonly jobs: number;
  /** Where it is kept which code the tests run. */
  readonly reachFile: string;
  readonly say: (line: string) => void;
  readonly save: (results: MutantResults) => Promise<void>;
}

/** Milliseconds for a test that a mutant makes wait for ever, and for one that has failed and gets a second chance. */
const [TEST_TIMEOUT_MS, REPEAT_TIMEOUT_MS] = [30_000, 60_000];
const REFUSED: Verdict = { kind: 'refused by the compiler' };
/** Milliseconds after which a failure may be due to the load of the machine: no wait of a test has a shorter limit. */
const SLOW_MS = 20_000;
/** How many groups of test files a mutant has to survive at first, eight files; the others are left to `trySurvivors`. */
const NEAREST_GROUPS = 2;
/** Milliseconds for a run of tests, which take some minutes at most. */
const RUN_TIMEOUT_MS = 15 * 60_000;

/**
 * Plants one mutant after the other and runs the nearest tests of the package until one fails. The order of the mutants
 * follows from the seed.
 *
 * @throws Error when the type check, or a test that has killed a mutant slowly, fails without a mutant.
 */
export async function tryMutants(trial: MutantTrial): Promise<void> {
  const { workspace, results, count, say, save } = trial;
  const tried = [...results.tried];
  const done = new Set(tried.map(({ id }) => id));
  const missing = () => count - tried.filter(({ verdict }) => verdict.kind !== 'refused by the compiler').length;
  const reach = await reachOfTests(trial);
  const chosen = chooseMutants(await mutantsIn(workspace.folder, results.package), results.seed);
  const left = chosen.filter(({ id }) => !done.has(id));
  while (missing() > 0 && left.length > 0) {
    const next = left.splice(0, missing());
    const refused = await refusedMutants(next, compiler(trial));
    for (const mutant of next) {
      const verdict = refused.has(mutant)
        ? REFUSED
        : await judge(trial, mutant, await testsNear(trial, mutant, killersOf(mutant, tried), reach));
      tried.push({ ...listed(mutant), verdict });
      await save({ ...results, tried });
      say(`${count - missing()}/${count} ${mutant.id}: ${describe(verdict)}`);
    }
  }
}

/**
 * Tries the survivors that no remark explains again with all tests of today, then with those of other packages.
 *
 * @param changed the test files that were added or changed for them, which come first.
 */
export async function trySurvivors(trial: MutantTrial, remarks: Remarks, changed: ReadonlySet<string>): Promise<void> {
  const { workspace, results, say, save } = trial;
  const reach = await reachOfTests(trial);
  const mutants = await mutantsIn(workspace.folder, results.package);
  const elsewhere = testsElsewhere(workspace.folder, results.package);
  const tried = [...results.tried];
  for (const [index, survivor] of tried.entries()) {
    if (survivor.verdict.kind !== 'survived' || remarks[survivor.id] !== undefined) continue;
    const mutant = mutants.find((candidate) => isSame(candidate, survivor));
    const preferred = new Set([...changed, ...killersOf(survivor, tried)]);
    const near = mutant === undefined ? [] : await testsNear(trial, mutant, preferred, reach);
    const by = mutant && (await killerOf(trial, mutant, [...near, elsewhere]));
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

/** Checks the types, and which code the tests of the package run, without a mutant. */
async function reachOfTests(trial: MutantTrial): Promise<TestReach[]> {
  const { workspace, results, reachFile, say } = trial;
  const [mistaken] = await workspace.filesWithMistakes(results.package);
  if (mistaken !== undefined) throw new Error(`without a mutant the type check fails: ${mistaken}`);
  const runTest = async (test: string) => (await findKiller([test], runner(trial))) === undefined;
  const product = productOf(workspace.folder, results.package);
  const tests = testsIn(workspace.folder, results.package);
  return measureReach({ workspace, product, cacheFile: reachFile, runTest, say }, tests);
}

function compiler({ workspace, results }: MutantTrial): Compile {
  return (mutants) => workspace.with(mutants, () => workspace.filesWithMistakes(results.package));
}

async function judge(trial: MutantTrial, mutant: Mutant, groups: readonly string[][]): Promise<Verdict> {
  const by = await killerOf(trial, mutant, groups.slice(0, NEAREST_GROUPS));
  return by === undefined ? { kind: 'survived' } : { kind: 'killed', by };
}

async function testsNear(
  { workspace }: MutantTrial,
  mutant: Mutant,
  preferred: ReadonlySet<string>,
  reach: readonly TestReach[],
): Promise<string[][]> {
  return testsOfMutant(blockOf(mutant.file, await workspace.read(mutant.file), mutant), reach, preferred);
}

/** Returns the test files that have killed mutants of the same file. */
function killersOf({ id }: Pick<Mutant, 'id'>, tried: readonly TriedMutant[]): ReadonlySet<string> {
  const file = id.slice(0, id.indexOf(':') + 1);
  const killers = tried.flatMap(({ id: other, verdict }) =>
    other.startsWith(file) && verdict.kind === 'killed' ? (fileOf(verdict.by) ?? []) : [],
  );
  return new Set(killers);
}

/**
 * Returns the first test that kills the mutant.
 *
 * @throws Error when it took so long that lack of time may be the cause, and the file of the test then fails without the
 * mutant as well.
 */
async function killerOf(trial: MutantTrial, mutant: Mutant, groups: readonly string[][]): Promise<string | undefined> {
  for (const files of groups) {
    const killer = await trial.workspace.with([mutant], () => findKiller(files, runner(trial)));
    if (killer === undefined) continue;
    const mistaken = killer.ms > SLOW_MS ? await findKiller(killer.files, runner(trial)) : undefined;
    if (mistaken !== undefined) throw new Error(`without a mutant a test fails: ${mistaken.by}`);
    return killer.by;
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
