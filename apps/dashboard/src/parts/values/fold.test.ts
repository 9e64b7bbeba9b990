import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { segmentsOf } from './fold.ts';

test.each([
  [
    0,
    [
      [0, 20],
      [-80, 0],
    ],
    [],
  ],
  [
    30,
    [
      [0, 20],
      [10, 30],
    ],
    [[0, 30, true]],
  ],
  [
    30,
    [
      [0, 20],
      [20, 30],
    ],
    [[0, 30, true]],
  ],
  [
    31,
    [
      [0, 20],
      [21, 31],
    ],
    [[0, 31, true]],
  ],
  [
    1_000,
    [
      [0, 20],
      [920, 1_000],
    ],
    [
      [0, 20, true],
      [20, 920, false],
      [920, 1_000, true],
    ],
  ],
  [
    1_000,
    [
      [0, 20],
      [920, 1_000],
      [490, 511],
      [500, 521],
    ],
    [
      [0, 20, true],
      [20, 490, false],
      [490, 521, true],
      [521, 920, false],
      [920, 1_000, true],
    ],
  ],
] as const)('of %i items %j are shown as %j', (count, ranges, expected) => {
  const segments = segmentsOf(count, ranges);
  expect(segments.map(({ from, to, isShown }) => [from, to, isShown])).toEqual(expected);
});

test('segments are of all items, in turns, and every item of a range is shown', () => {
  const range = tuple(integer({ min: -20, max: 120 }), integer({ min: -20, max: 120 }));
  assert(
    property(integer({ min: 0, max: 100 }), array(range, { maxLength: 6 }), (count, ranges) => {
      const segments = segmentsOf(count, ranges);
      expect(segments.map(({ from }) => from)).toEqual(
        count === 0 ? [] : [0, ...segments.slice(0, -1).map(({ to }) => to)],
      );
      expect(segments.at(-1)?.to ?? 0).toBe(count);
      segments.slice(1).forEach(({ isShown }, index) => expect(isShown).not.toBe(segments[index]?.isShown));
      expect(segments.filter(({ from, to }) => to <= from)).toEqual([]);
      const hidden = segments.filter(({ isShown }) => !isShown);
      const overlaps = hidden.filter(({ from, to }) =>
        ranges.some(([start, end]) => start < end && start < to && end > from),
      );
      expect(overlaps).toEqual([]);
    }),
  );
});
