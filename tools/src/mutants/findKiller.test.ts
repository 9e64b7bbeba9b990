import { expect, test } from 'vitest';
import { findKiller } from './findKiller.ts';
import type { RunTests } from './findKiller.ts';
import type { TestOutcome } from './runMutantTests.ts';

/** Runs of files of which these fail, each as often as the number says. */
function failing(times: Record<string, number>, nameOf = (file: string): Partial<TestOutcome> => ({ file })) {
  const runs: string[] = [];
  const runTests: RunTests = async (files, isRepeat) => {
    runs.push(`${isRepeat ? 'again ' : ''}${files.join(' ')}`);
    const file = files.find((candidate) => (times[candidate] ?? 0) > 0);
    if (file === undefined) return { kind: 'passed', ms: 1 };
    times[file] = (times[file] ?? 0) - 1;
    return {
      kind: 'failed',
      by: `${file} > a test`,
      passed: files.slice(0, files.indexOf(file)),
      ms: 2,
      ...nameOf(file),
    };
  };
  return { runs, runTests };
}

const nameless = () => ({});

test('a file that fails twice has killed the mutant', async () => {
  const { runs, runTests } = failing({ b: 2 });
  expect(await findKiller(['a', 'b', 'c'], runTests)).toEqual({ by: 'b > a test', files: ['b'], ms: 2 });
  expect(runs).toEqual(['a b c', 'again b']);
});

test('a file that fails once has not, and those after it are run all the same', async () => {
  const { runs, runTests } = failing({ b: 1, d: 2 });
  expect(await findKiller(['a', 'b', 'c', 'd'], runTests)).toMatchObject({ by: 'd > a test' });
  expect(runs).toEqual(['a b c d', 'again b', 'c d', 'again d']);
});

test('a failure without a file is tried again with all of them', async () => {
  const once = failing({ b: 1 }, nameless);
  expect(await findKiller(['a', 'b'], once.runTests)).toBeUndefined();
  expect(once.runs).toEqual(['a b', 'again a b']);
  expect(await findKiller(['a', 'b'], failing({ b: 2 }, nameless).runTests)).toMatchObject({ files: ['a', 'b'] });
});

test('files that pass have no killer', async () => {
  const { runs, runTests } = failing({});
  expect(await findKiller(['a', 'b'], runTests)).toBeUndefined();
  expect(runs).toEqual(['a b']);
});
