import { expect, test } from 'vitest';
import { firstFailure } from './runMutantTests.ts';

test.each([
  [' FAIL  |tests| libs/a/b.test.ts > one > two\nError: no', 'libs/a/b.test.ts > one > two', 'libs/a/b.test.ts'],
  [' FAIL  |schedules| libs/a/b.schedules.test.ts > c', 'libs/a/b.schedules.test.ts > c', 'libs/a/b.schedules.test.ts'],
  [' FAIL  |tests| libs/b.test.ts [ libs/b.test.ts ]', 'libs/b.test.ts [ libs/b.test.ts ]', 'libs/b.test.ts'],
])('the first failure of %j has a test and its file', (output, by, file) => {
  expect(firstFailure(output)).toEqual({ by, file });
});

test('a failure outside the tests has no file', () => {
  expect(firstFailure('\nRangeError: too much\n')).toEqual({ by: 'RangeError: too much' });
  expect(firstFailure('')).toEqual({ by: 'no test could run' });
});
