import { expect, test } from 'vitest';
import { formatAge, formatDuration } from './duration.ts';

test.each([
  [-5, '0 ms'],
  [0.42, '0.4 ms'],
  [38.4, '38 ms'],
  [999, '999 ms'],
  [4_250, '4.2 s'],
  [59_999, '59 s'],
  [60_000, '1m'],
  [3_599_000, '59m 59s'],
  [12_000_000, '3h 20m'],
  [90_000_000, '1d 1h'],
])('%d ms are %s', (ms, shown) => {
  expect(formatDuration(ms)).toBe(shown);
});

test.each([
  [200, 'now'],
  [-200, 'now'],
  [5_000, '5.0 s ago'],
  [-120_000, 'in 2m'],
])('%d ms are %s', (ms, shown) => {
  expect(formatAge(ms)).toBe(shown);
});
