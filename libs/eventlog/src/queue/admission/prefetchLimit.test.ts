import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PrefetchLimit } from './prefetchLimit.ts';

const SLOTS = 40;
const ms = fc.double({ min: 0, max: 60_000, noNaN: true });

function after(claimMs: readonly number[], runMs: readonly number[], slots = SLOTS): number {
  const limit = new PrefetchLimit(slots);
  for (const [index, run] of runMs.entries()) {
    limit.recordClaim(claimMs[index % claimMs.length] ?? 0);
    limit.recordRun(run);
  }
  return limit.extra();
}

const runs = (count: number, duration: number) => Array.from({ length: count }, () => duration);

test('before the first runs it allows no claims beyond the slots', () => {
  expect(after([5], [])).toBe(0);
  expect(after([5], [0.1])).toBe(0);
});

test('where runs are shorter than claims, it allows up to twelve more claims per slot', () => {
  expect(after([5], runs(1_000, 0.1))).toBe(12 * SLOTS);
  expect(after([5], runs(1_000, 5))).toBe(SLOTS - 1);
  expect(after([5], runs(1_000, 50))).toBe(SLOTS / 10 - 1);
});

test('with many slots, it allows up to 600 more claims in all', () => {
  expect(after([5], runs(1_000, 0.1), 100)).toBe(600);
  expect(after([5], runs(1_000, 0.1), 10_000)).toBe(600);
});

test('it allows up to 8 MB of large jobs, as long as they are among the latest', () => {
  const limit = new PrefetchLimit(100);
  for (const run of runs(1_000, 0.1)) {
    limit.recordClaim(5);
    limit.recordRun(run);
  }
  limit.recordSize(1_000);
  expect(limit.extra()).toBe(600);
  limit.recordSize(250_000);
  limit.recordSize(1_000);
  expect(limit.extra()).toBe(33);
  for (let later = 0; later < 100; later++) limit.recordSize(1_000);
  expect(limit.extra()).toBe(600);
});

test('a single long run lowers the limit at once, until hundreds of short ones have followed', () => {
  const short = runs(1_000, 0.1);
  expect(after([5], [...short, 30_000])).toBe(0);
  expect(after([5], [...short, 30_000, ...runs(100, 0.1)])).toBeLessThan(SLOTS / 10);
  expect(after([5], [...short, 30_000, ...short])).toBe(12 * SLOTS);
});

test('claims that find no slot in time lower the limit, whatever the times promise, and runs raise it again', () => {
  const limit = new PrefetchLimit(100);
  for (let claim = 0; claim < 100; claim++) limit.recordClaim(60_000);
  limit.recordRun(0.1);
  limit.recordWait(400);
  expect(limit.extra()).toBe(600);
  for (let at = 0; at < 500; at++) limit.recordGivenUp(at);
  expect(limit.extra()).toBe(300);
  for (let at = 500; at < 5_000; at += 500) limit.recordGivenUp(at);
  expect(limit.extra()).toBe(0);
  for (const run of runs(1_000, 0.1)) limit.recordRun(run);
  expect(limit.extra()).toBe(100);
  for (const run of runs(11_000, 0.1)) limit.recordRun(run);
  expect(limit.extra()).toBe(600);
});

test('the limit is always an integer from 0 to twelve per slot', () => {
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1 }), fc.array(ms), (claimMs, runMs) => {
      const extra = after(claimMs, runMs);
      expect(Number.isInteger(extra)).toBe(true);
      expect(extra).toBeGreaterThanOrEqual(0);
      expect(extra).toBeLessThanOrEqual(12 * SLOTS);
    }),
  );
});
