import { expect, test } from 'vitest';
import { firstFailure, passedFiles } from './runMutantTests.ts';

test.each([
  [' FAIL  |tests| libs/a/b.test.ts > one > two\nError: no', 'libs/a/b.test.ts > one > two', 'libs/a/b.test.ts'],
  [' FAIL  |schedules| libs/a/b.schedules.test.ts > c', 'libs/a/b.schedules.test.ts > c', 'libs/a/b.schedules.test.ts'],
  [' FAIL  |tests| libs/b.test.ts [ libs/b.test.ts ]', 'libs/b.test.ts [ libs/b.test.ts ]', 'libs/b.test.ts'],
])('the first failure of %j has a test and its file', (output, by, file) => {
  expect(firstFailure(output)).toEqual({ by, file });
});

test('the first failure has the time that its test took', () => {
  const output =
    ' ❯ |tests| libs/a.test.ts (3 tests | 1 failed) 1530ms\n   ✓ one 3ms\n   × two 1527ms\n\n FAIL  |tests| libs/a.test.ts > two\n';
  expect(firstFailure(output)).toEqual({ by: 'libs/a.test.ts > two', file: 'libs/a.test.ts', ms: 1_527 });
});

test('a failure outside the tests has no file', () => {
  expect(firstFailure('— Unhandled Errors —\n\nRangeError: too much\n')).toEqual({ by: 'RangeError: too much' });
  expect(firstFailure('')).toEqual({ by: 'no test could run' });
});

test('files that have passed are told from tests and from files that have failed', () => {
  const output =
    ' ✓ |tests| libs/a.test.ts (3 tests) 5ms\n   ✓ a test 3ms\n ❯ |tests| libs/b.test.ts (1 test | 1 failed) 9ms\n';
  expect(passedFiles(output)).toEqual(['libs/a.test.ts']);
});
