import { startVitest, parseCLI } from 'vitest/node';
import type { Vitest } from 'vitest/node';
import { closingLine, failedTests, reasonOf, skipReasons, testTally } from './testTally.ts';

/** Runs vitest with these words of its command line; writes `N passed, N failed` last and returns how many failed. */
export async function runTests(words: readonly string[]): Promise<number> {
  const { filter, options } = parseCLI(['vitest', 'run', ...words]);
  const vitest = await startVitest(filter, { project: projectsFor(filter), ...options, watch: false });
  const modules = vitest.state.getTestModules();
  const otherErrors = vitest.state.getUnhandledErrors();
  const tally = testTally(modules, otherErrors.length);
  await closeAll(vitest);
  // A run that could not even begin has no test that failed.
  const failed = Math.max(tally.failed, process.exitCode ? 1 : 0);
  for (const name of failedTests(modules)) console.log(`failed: ${name}`);
  for (const error of otherErrors) console.log(`failed: outside of the tests${reasonOf([error as Error])}`);
  for (const reason of skipReasons(modules)) console.log(`skipped: ${reason}`);
  console.log(closingLine({ ...tally, failed }));
  return failed;
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
