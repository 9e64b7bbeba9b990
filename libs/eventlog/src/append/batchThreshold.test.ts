import { expect, test } from 'vitest';
import { BatchThreshold } from './batchThreshold.ts';

function learned(msOf: (time: number) => number, size = 12): BatchThreshold {
  const threshold = new BatchThreshold();
  for (let time = 0; time < 300; time++) threshold.acknowledged(size, msOf(time));
  return threshold;
}

test('the threshold is at its minimum before the first measurement', () => {
  expect(new BatchThreshold().least).toBe(4);
});

test.each([
  { ms: 2.4, from: 11, to: 12 },
  { ms: 1.4, from: 6, to: 8 },
  { ms: 0.8, from: 4, to: 5 },
])('the threshold is $from to $to where a batch takes $ms ms', ({ ms, from, to }) => {
  const { least } = learned(() => ms);
  expect(least).toBeGreaterThanOrEqual(from);
  expect(least).toBeLessThanOrEqual(to);
});

test('the threshold stays between four and twelve', () => {
  expect(learned(() => 0.01).least).toBe(4);
  expect(learned(() => 1_000).least).toBe(12);
});

test('the threshold ignores batches that waited behind other writes', () => {
  const { least } = learned((time) => (time % 2 === 0 ? 9 : 1.2));
  expect(least).toBeGreaterThanOrEqual(5);
  expect(least).toBeLessThanOrEqual(7);
});

test('the threshold ignores large batches', () => {
  expect(learned(() => 9, 500).least).toBe(4);
});
