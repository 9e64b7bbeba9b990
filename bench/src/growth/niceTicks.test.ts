import { expect, test } from 'vitest';
import { niceTicks } from './niceTicks.ts';

test.each([
  [100, [0, 20, 40, 60, 80, 100]],
  [101, [0, 25, 50, 75, 100, 125]],
  [7, [0, 2, 4, 6, 8]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [0, [0, 1]],
])('the scale up to %d has the ticks %j', (most, ticks) => {
  expect(niceTicks(most)).toEqual(ticks);
});
