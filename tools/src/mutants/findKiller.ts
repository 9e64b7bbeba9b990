import type { TestOutcome } from './runMutantTests.ts';

/** Runs test files up to the first failure; `isRepeat` says that they have failed once. */
export type RunTests = (files: readonly string[], isRepeat: boolean) => Promise<TestOutcome>;

/** The test that has failed with a mutant. */
export interface Killer {
  readonly by: string;
  /** The files that hold it, one if it is known. */
  readonly files: readonly string[];
  /** Milliseconds that the test took. */
  readonly ms: number;
}

/**
 * Runs test files until one has failed twice in a row: the load of the machine makes a test fail now and then, a mutant
 * that it notices each time.
 *
 * @returns `undefined` when all files pass.
 */
export async function findKiller(files: readonly string[], runTests: RunTests): Promise<Killer | undefined> {
  let left = files;
  while (left.length > 0) {
    const first = await runTests(left, false);
    if (first.kind === 'passed') return undefined;
    const suspects = first.file === undefined ? left : [first.file];
    const second = await runTests(suspects, true);
    if (second.kind !== 'passed') {
      return { by: second.by ?? first.by ?? second.kind, files: suspects, ms: second.ms };
    }
    const passed = new Set([...suspects, ...(first.passed ?? [])]);
    left = left.filter((file) => !passed.has(file));
  }
  return undefined;
}
