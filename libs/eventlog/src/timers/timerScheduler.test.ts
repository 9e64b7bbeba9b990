import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_EARLY_MS, TimerSpread } from './timerScheduler.ts';

const NOW = Date.parse('2026-01-31T09:30:00Z');
const HOUR_MS = 3_600_000;

test('no timer fires late, earlier than the maximum, or in the first half of its delay', () => {
  const waits = fc.array(fc.integer({ min: -1_000, max: 120_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(waits, fc.integer({ min: 1, max: 2_000 }), (waitsMs, timers) => {
      const spread = new TimerSpread();
      for (let set = 0; set < timers; set++) {
        const waitMs = waitsMs[set % waitsMs.length] ?? 0;
        const earlyMs = spread.earlyMs(NOW + waitMs, NOW);
        expect(earlyMs).toBeGreaterThanOrEqual(0);
        expect(earlyMs).toBeLessThanOrEqual(Math.max(0, Math.min(MAX_EARLY_MS, waitMs / 2)));
      }
    }),
  );
});

test('timers that are due in different seconds fire on time', () => {
  const spread = new TimerSpread();
  const early = Array.from({ length: 10_000 }, (_, n) => spread.earlyMs(NOW + HOUR_MS + n * 10, NOW));
  expect(Math.max(...early)).toBe(0);
});

test('many timers of one second fire evenly over the seconds before', () => {
  const spread = new TimerSpread();
  const seconds = new Map<number, number>();
  for (let set = 0; set < 10_000; set++) {
    const second = Math.ceil(spread.earlyMs(NOW + HOUR_MS + (set % 1_000), NOW) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  expect(seconds.size).toBe(MAX_EARLY_MS / 1_000 + 1);
  expect(Math.max(...seconds.values())).toBeLessThanOrEqual(600);
});

test('timers of a second are remembered while timers of other seconds are set', () => {
  const spread = new TimerSpread();
  const early: number[] = [];
  for (let set = 0; set < 1_000; set++) {
    early.push(spread.earlyMs(NOW + HOUR_MS, NOW));
    spread.earlyMs(NOW + 2 * HOUR_MS + set * 1_000, NOW);
  }
  expect(early.at(-1)).toBeGreaterThan(3_000);
});
