import { expect, test } from 'vitest';
import type { Lane } from './lanes.ts';
import { laneText } from './laneText.ts';
import { drawnSpans, spansOf, totalMs } from './spans.ts';

const first = { from: 3_000, dueAt: 9_000, to: 10_000 };
const second = { from: 12_000, dueAt: 600_000 };
const lane: Lane = { waitsFrom: 0, startedAt: 1_000, attempt: 1, worker: 'w' };

test('an attempt without a sleep is one run, and before it begins there is none', () => {
  expect(spansOf(lane, 5_000)).toEqual([{ kind: 'run', from: 1_000, to: 5_000 }]);
  expect(spansOf({ ...lane, endedAt: 4_000 }, 5_000)).toEqual([{ kind: 'run', from: 1_000, to: 4_000 }]);
  expect(spansOf({ waitsFrom: 0 }, 5_000)).toEqual([]);
});

test('runs and sleeps alternate; a sleep that is not over lasts until now', () => {
  const spans = spansOf({ ...lane, sleeps: [first, second] }, 20_000);
  expect(spans).toEqual([
    { kind: 'run', from: 1_000, to: 3_000 },
    { kind: 'sleep', from: 3_000, to: 10_000 },
    { kind: 'run', from: 10_000, to: 12_000 },
    { kind: 'sleep', from: 12_000, to: 20_000 },
  ]);
  expect([totalMs(spans, 'run'), totalMs(spans, 'sleep')]).toEqual([4_000, 15_000]);
});

test('of very many the first are drawn as one run', () => {
  const sleeps = Array.from({ length: 1_000 }, (_, index) => ({
    from: 2_000 + index * 10,
    dueAt: 2_005 + index * 10,
    to: 2_005 + index * 10,
  }));
  const spans = spansOf({ ...lane, sleeps }, 20_000);
  const drawn = drawnSpans(spans);
  expect(spans).toHaveLength(2_001);
  expect(drawn).toHaveLength(201);
  expect(drawn[0]).toEqual({ kind: 'run', from: 1_000, to: 2_000 + 900 * 10 });
  expect(drawn.slice(1)).toEqual(spans.slice(-200));
});

test.each<[Lane, string]>([
  [{ waitsFrom: 0 }, 'waiting for 20 s'],
  [{ waitsFrom: 0, dueAt: 80_000 }, 'waiting for 20 s, due in 1m'],
  [lane, 'waited 1.0 s, running for 19 s'],
  [{ ...lane, sleeps: [first] }, 'waited 1.0 s, running for 12 s, slept 7.0 s'],
  [{ ...lane, sleeps: [first, second] }, 'waited 1.0 s, ran 4.0 s, sleeping for 8.0 s, due in 9m 40s'],
  [
    { ...lane, sleeps: [first, { ...second, to: 15_000 }], endedAt: 16_000, outcome: 'completed' },
    'waited 1.0 s, ran 5.0 s, slept 10 s in 2 sleeps, completed',
  ],
  [
    { ...lane, sleeps: [second], endedAt: 15_000, outcome: 'cancelled' },
    'waited 1.0 s, ran 11 s, slept 3.0 s, cancelled',
  ],
  [
    { ...lane, sleeps: [{ from: 12_000, signals: ['approved', 'declined'] }] },
    'waited 1.0 s, ran 11 s, waiting for the signal approved or declined for 8.0 s',
  ],
  [
    { ...lane, sleeps: [first, { ...second, signals: ['approved'], to: 15_000 }] },
    'waited 1.0 s, running for 9.0 s, slept or waited for signals 10 s in 2 pauses',
  ],
])('%j reads in words', (one, text) => {
  expect(laneText(one, 20_000)).toBe(text);
});
