import { expect, test } from 'vitest';
import { BatchThreshold } from './batchThreshold.ts';

function learned({ singleMs, batchMs, times = 200 }: { singleMs: number; batchMs: number; times?: number }) {
  const threshold = new BatchThreshold();
  for (let time = 0; time < times; time++) {
    threshold.single(singleMs * 4, 4);
    threshold.batch(batchMs, 12);
  }
  return threshold;
}

test('before anything is known, batches count as dear', () => {
  expect(new BatchThreshold().least).toBe(12);
});

test.each([
  { singleMs: 0.2, batchMs: 2.4, from: 11, to: 12 },
  { singleMs: 0.2, batchMs: 0.8, from: 4, to: 5 },
  { singleMs: 1, batchMs: 6, from: 5, to: 7 },
])('with $singleMs ms for a publish and $batchMs ms for a batch it is their ratio', ({ from, to, ...costs }) => {
  const { least } = learned(costs);
  expect(least).toBeGreaterThanOrEqual(from);
  expect(least).toBeLessThanOrEqual(to);
});

test('it stays between three and twelve', () => {
  expect(learned({ singleMs: 1, batchMs: 0.1 }).least).toBe(3);
  expect(learned({ singleMs: 0.01, batchMs: 2 }).least).toBe(12);
});

test('a hiccup moves it little, however long it was', () => {
  const threshold = learned({ singleMs: 0.2, batchMs: 1.2 });
  const { least } = threshold;
  threshold.batch(10_000, 12);
  threshold.single(0.001, 1);
  expect(Math.abs(threshold.least - least)).toBeLessThanOrEqual(1);
});

test('large batches say nothing of the fixed cost', () => {
  const threshold = learned({ singleMs: 0.2, batchMs: 0.8 });
  const { least } = threshold;
  for (let time = 0; time < 100; time++) threshold.batch(20, 500);
  expect(threshold.least).toBe(least);
});
