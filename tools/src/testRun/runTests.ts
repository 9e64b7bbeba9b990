import os from 'node:os';
import { parseCLI, startVitest } from 'vitest/node';
import type { TestModule, TestUserConfig, Vitest } from 'vitest/node';
import { BusyLoops } from './busyLoops.ts';
import { readFlakyList } from './flakyList.ts';
import { choose, flakyLine, MAX_FLAKY, type FlakyFile } from './secondTry.ts';
import { slowLines } from './slowFiles.ts';
import { closingLine, failedTests, reasonOf, skipReasons, testTally, type TestTally } from './testTally.ts';

export interface TestRunOptions {
  /** Prints the files that took longest. */
  readonly slow?: boolean;
  /** A file that passed only when it was tried again counts as failed. */
  readonly flakyFails?: boolean;
  /** Settings of vitest that go before those of the repository and of the command line. */
  readonly settings?: TestUserConfig;
}

/** What a run of vitest came to. */
interface Outcome {
  readonly modules: readonly TestModule[];
  /** Errors outside of tests: an unhandled rejection, a process of vitest that ended. */
  readonly otherErrors: readonly unknown[];
  /** Whether it ran to its end; no test has failed where it did not. */
  readonly began: boolean;
}

/** What counts of a run, after second tries. */
interface Counted extends Outcome {
  readonly flaky: readonly FlakyFile[];
}

/**
 * Runs vitest with these words of its command line; writes `N passed, N failed` last and returns how many failed. In a run of
 * all files, those that failed are tried once more, alone (see "The second try" in docs/development.md).
 */
export async function runTests(words: readonly string[], options: TestRunOptions = {}): Promise<number> {
  const isWhole = parseCLI(['vitest', 'run', ...words]).filter.length === 0;
  const first = await runVitest(words, options);
  const counted = isWhole && first.began ? await tryAgain(first, options) : { ...first, flaky: [] };
  if (options.slow === true) printAll(await slowLines(first.modules));
  printAll(faultLines(counted));
  if (isWhole && !words.includes('--project')) console.log(NOT_RUN);
  const tally = tallyOf(counted, options);
  console.log(closingLine(tally));
  return tally.failed;
}

function tallyOf({ modules, otherErrors, began, flaky }: Counted, { flakyFails = false }: TestRunOptions): TestTally {
  const tally = testTally(modules, otherErrors.length);
  const flakyFailed = flakyFails || flaky.length > MAX_FLAKY ? flaky.length : 0;
  return { ...tally, failed: Math.max(tally.failed + flakyFailed, began ? 0 : 1) };
}

function faultLines({ modules, otherErrors, flaky }: Counted): readonly string[] {
  return [
    ...failedTests(modules).map((name) => `failed: ${name}`),
    ...otherErrors.map((error) => `failed: outside of the tests${reasonOf([error as Error])}`),
    ...flaky.map((file) => flakyLine(file)),
    ...skipReasons(modules).map((reason) => `skipped: ${reason}`),
  ];
}

function printAll(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

const NOT_RUN =
  'not run: whole systems (npm run test:system), the dashboard (npm run test:dashboard), and what `npm run ci -- all` adds to them';

/**
 * Runs test files `times` times, a quarter of them beside a busy loop for each processor, and returns how many tests failed in
 * all. Use it before a new or changed test file is proposed.
 */
export async function repeatTests(
  words: readonly string[],
  times: number,
  settings: TestUserConfig = {},
): Promise<number> {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (let run = 1; run <= times; run += 1) {
    await using load = run > times - Math.floor(times / 4) ? new BusyLoops() : undefined;
    const { modules, otherErrors, began } = await runVitest(words, { settings });
    const tally = testTally(modules, otherErrors.length);
    sum.passed += tally.passed;
    sum.failed += Math.max(tally.failed, began ? 0 : 1);
    for (const name of failedTests(modules)) console.log(`failed: ${name}`);
    console.log(`run ${run} of ${times}${load === undefined ? '' : ', beside a load'}: ${closingLine(tally)}\n`);
  }
  console.log(closingLine(sum));
  return sum.failed;
}

async function runVitest(words: readonly string[], { settings }: TestRunOptions = {}): Promise<Outcome> {
  process.exitCode = 0; // of the run before
  const { filter, options } = parseCLI(['vitest', 'run', ...words]);
  const vitest = await startVitest(filter, { project: projectsFor(filter), ...options, ...settings, watch: false });
  const modules = vitest.state.getTestModules();
  const otherErrors = vitest.state.getUnhandledErrors();
  await closeAll(vitest);
  const hasFailure = otherErrors.length > 0 || modules.some((module) => !module.ok());
  return { modules, otherErrors, began: hasFailure || !process.exitCode };
}

/** Whole systems and the browser have commands of their own; here they run when they are named. */
function projectsFor(filter: readonly string[]): string[] {
  if (filter.length === 0) return ['!dashboard', '!system'];
  return filter.some((path) => path.includes('e2e/dashboard')) ? [] : ['!dashboard'];
}

async function closeAll(vitest: Vitest): Promise<void> {
  // A handle that a test leaked must not keep a run from ending; vitest has named it by then.
  const overdue = setTimeout(() => process.exit(1), 60_000);
  await vitest.close();
  clearTimeout(overdue);
}

/** Runs each file that failed and may be tried again by itself, and returns the modules that count. */
async function tryAgain(first: Outcome, options: TestRunOptions): Promise<Counted> {
  const { modules, otherErrors } = first;
  const { again, refused } = choose(modules, { otherErrors, list: await readFlakyList(), now: new Date() });
  printAll(refused.map(({ file, why }) => `no second try for ${file}: ${why}`));
  const load = os.loadavg()[1] ?? 0;
  const flaky: FlakyFile[] = [];
  const counting = new Map(modules.map((module) => [module.moduleId, module]));
  for (const module of again) {
    console.log(`\n== second try of ${module.relativeModuleId}, alone`);
    const second = await runVitest([module.moduleId], options);
    if (!second.began || second.otherErrors.length > 0 || second.modules.some((one) => !one.ok())) continue;
    flaky.push({ file: module.relativeModuleId, failure: firstFailure(module), load });
    for (const one of second.modules) counting.set(one.moduleId, one);
  }
  return { ...first, modules: [...counting.values()], flaky };
}

/** Without the name of the file. */
function firstFailure(module: TestModule): string {
  const [failure = ''] = failedTests([module]);
  return failure.slice(module.relativeModuleId.length).replace(/^(?: > |: )/u, '');
}
