import type { TestOutcome } from './runMutantTests.ts';

/** Runs test files up to the first failure; `isRepeat` says that they have failed once. */
export type RunTests = (files: readonly string[], isRepeat: boolean) => Promise<TestOutcome>;

/**
 * Runs test files until one has failed twice in a row: the load of the machine makes a test fail now and then, a mutant
 * that it notices each time.
 *
 * @returns the name of the test, or `undefined` when all files pass.
 */
export async function findKiller(files: readonly string[], runTests: RunTests): Promise<string | undefined> {
  let left = files;
  while (left.length > 0) {
    const first = await runTests(left, false);
    if (first.kind === 'passed') return undefined;
    const suspects = first.file === undefined ? left : [first.file];
    const second = await runTests(suspects, true);
    if (second.kind !== 'passed') return second.by ?? first.by ?? second.kind;
    const passed = new Set([...suspects, ...(first.passed ?? [])]);
    left = left.filter((file) => !passed.has(file));
  }
  return undefined;
}
