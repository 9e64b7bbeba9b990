import { expect, test } from 'vitest';
import { stageTally } from './stageTally.ts';

test.each([
  ['12 passed, 3 failed', 1, { passed: 12, failed: 3 }],
  ['12 passed, 0 failed, 2 skipped', 0, { passed: 12, failed: 0 }],
  ['\u001b[32m 7 passed, 0 failed \u001b[39m', 0, { passed: 7, failed: 0 }],
])('a stage that ends with a tally counts for it: %j', (lastLine, code, tally) => {
  expect(stageTally(lastLine, code)).toEqual(tally);
});

test.each(['PASSED with seed 1', '', 'All 12 passed, 3 failed', '12 passed, 3 failed so far'])(
  'any other stage counts for one: %j',
  (lastLine) => {
    expect(stageTally(lastLine, 0)).toEqual({ passed: 1, failed: 0 });
    expect(stageTally(lastLine, 2)).toEqual({ passed: 0, failed: 1 });
  },
);

test('a stage that exits with a failure has failed, though its tally knows of none', () => {
  expect(stageTally('12 passed, 0 failed', 1)).toEqual({ passed: 12, failed: 1 });
});
