import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketOf, quantileOf } from './durationBuckets.ts';

function bucketsOf(durations: readonly number[]): Record<string, number> {
  const buckets: Record<string, number> = {};
  for (const ms of durations) buckets[bucketOf(ms)] = (buckets[bucketOf(ms)] ?? 0) + 1;
  return buckets;
}

test('a quantile is at most 5 % away from that of the durations themselves, from 1 ms to seven days', () => {
  const duration = fc.double({ min: 1, max: 7 * 86_400_000, noNaN: true });
  const share = fc.constantFrom(0, 0.5, 0.9, 0.99, 1);
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 40 }), share, (durations, wanted) => {
      const sorted = durations.toSorted((one, other) => one - other);
      const exact = sorted[Math.max(1, Math.ceil(wanted * sorted.length)) - 1] ?? 0;
      const told = quantileOf(bucketsOf(durations), wanted) ?? 0;
      expect(Math.abs(told - exact) / exact).toBeLessThanOrEqual(0.05 + 1e-9);
    }),
  );
});

test('seven days fit into some 200 buckets, and what is shorter than 1 ms counts as 1 ms', () => {
  expect(bucketOf(7 * 86_400_000)).toBe(203);
  expect([0, 0.3, 1].map(bucketOf)).toEqual([0, 0, 0]);
  expect(quantileOf(bucketsOf([0.2]), 0.5)).toBe(1);
});

test('no durations have no quantiles', () => {
  expect(quantileOf({}, 0.5)).toBeUndefined();
});
