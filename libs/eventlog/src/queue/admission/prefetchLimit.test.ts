import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PrefetchLimit } from './prefetchLimit.ts';

const SLOTS = 40;
const ms = fc.double({ min: 0, max: 60_000, noNaN: true });

function after(claimMs: readonly number[], runMs: readonly number[], slots = SLOTS): number {
  const ahead = new PrefetchLimit(slots);
  for (const [index, run] of runMs.entries()) {
    ahead.recordClaim(claimMs[index % claimMs.length] ?? 0);
    ahead.recordRun(run);
  }
  return ahead.extra();
}

const runs = (count: number, duration: number) => Array.from({ length: count }, () => duration);

test('as long as nothing is known of the runs, no more is claimed than there are slots', () => {
  expect(after([5], [])).toBe(0);
  expect(after([5], [0.1])).toBe(0);
});

test('where runs are shorter than claims, more is claimed, to twelve more for each slot', () => {
  expect(after([5], runs(1_000, 0.1))).toBe(12 * SLOTS);
  expect(after([5], runs(1_000, 5))).toBe(SLOTS - 1);
  expect(after([5], runs(1_000, 50))).toBe(SLOTS / 10 - 1);
});

test('with many slots, to 1,200 more in all', () => {
  expect(after([5], runs(1_000, 0.1), 100)).toBe(1_200);
  expect(after([5], runs(1_000, 0.1), 10_000)).toBe(1_200);
});

test('of large jobs, no more than 8 MB more, as long as they are among the latest', () => {
  const ahead = new PrefetchLimit(100);
  for (const run of runs(1_000, 0.1)) {
    ahead.recordClaim(5);
    ahead.recordRun(run);
  }
  ahead.recordSize(1_000);
  expect(ahead.extra()).toBe(1_200);
  ahead.recordSize(250_000);
  ahead.recordSize(1_000);
  expect(ahead.extra()).toBe(33);
  for (let later = 0; later < 100; later++) ahead.recordSize(1_000);
  expect(ahead.extra()).toBe(1_200);
});

test('a single long run ends that at once, until hundreds of short ones have followed', () => {
  const short = runs(1_000, 0.1);
  expect(after([5], [...short, 30_000])).toBe(0);
  expect(after([5], [...short, 30_000, ...runs(100, 0.1)])).toBeLessThan(SLOTS / 10);
  expect(after([5], [...short, 30_000, ...short])).toBe(12 * SLOTS);
});

test('whatever claims and runs take, the number is a whole one between none and twelve for each slot', () => {
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1 }), fc.array(ms), (claimMs, runMs) => {
      const extra = after(claimMs, runMs);
      expect(Number.isInteger(extra)).toBe(true);
      expect(extra).toBeGreaterThanOrEqual(0);
      expect(extra).toBeLessThanOrEqual(12 * SLOTS);
    }),
  );
});
