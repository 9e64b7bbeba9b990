import { expect, test } from 'vitest';
import { BatchThreshold } from './batchThreshold.ts';

function learned(msOf: (time: number) => number, size = 12): BatchThreshold {
  const threshold = new BatchThreshold();
  for (let time = 0; time < 300; time++) threshold.acknowledged(size, msOf(time));
  return threshold;
}

test('before anything is known, batches count as dear', () => {
  expect(new BatchThreshold().least).toBe(12);
});

test.each([
  { ms: 2.4, from: 11, to: 12 },
  { ms: 1.4, from: 6, to: 8 },
  { ms: 0.8, from: 4, to: 5 },
])('where a batch takes $ms ms, it is from $from to $to', ({ ms, from, to }) => {
  const { least } = learned(() => ms);
  expect(least).toBeGreaterThanOrEqual(from);
  expect(least).toBeLessThanOrEqual(to);
});

test('it stays between four and twelve', () => {
  expect(learned(() => 0.01).least).toBe(4);
  expect(learned(() => 1_000).least).toBe(12);
});

test('what waited behind others does not count as the cost', () => {
  const { least } = learned((time) => (time % 2 === 0 ? 9 : 1.2));
  expect(least).toBeGreaterThanOrEqual(5);
  expect(least).toBeLessThanOrEqual(7);
});

test('large batches say nothing of the fixed cost', () => {
  expect(learned(() => 0.1, 500).least).toBe(12);
});
