import * as Schema from 'effect/Schema';
import { describe, expect, test } from 'vitest';
import { Backoff, defaultBackoff, retryDelayMs } from './backoff.ts';

const exponential = { type: 'exponential', delayMs: 1_000, maxDelayMs: 10_000, jitter: 0 } as const;
const waits = (backoff: Backoff, random = 0) => [1, 2, 3, 4, 5, 6].map((n) => retryDelayMs(backoff, n, random));

test('a fixed backoff waits the same time after each attempt, and chance has no say', () => {
  expect(waits({ type: 'fixed', delayMs: 2_500 })).toEqual([2_500, 2_500, 2_500, 2_500, 2_500, 2_500]);
  expect(waits({ type: 'fixed', delayMs: 2_500 }, 0.9)).toEqual(waits({ type: 'fixed', delayMs: 2_500 }));
});

test('an exponential backoff doubles with each attempt up to its longest wait', () => {
  expect(waits(exponential)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('jitter takes off at most its share of the capped wait', () => {
  const jittery = { ...exponential, jitter: 0.2 };
  expect(waits(jittery, 0)).toEqual(waits(exponential));
  expect(waits(jittery, 0.5)).toEqual([900, 1_800, 3_600, 7_200, 9_000, 9_000]);
  expect(waits(jittery, 1)).toEqual([800, 1_600, 3_200, 6_400, 8_000, 8_000]);
  expect(waits({ ...exponential, jitter: 1 }, 1)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('waits are whole milliseconds', () => {
  expect(retryDelayMs({ ...exponential, delayMs: 333, jitter: 0.1 }, 1, 0.123)).toBe(329);
});

test('the thousandth attempt, and attempts beyond, wait no longer than the longest wait', () => {
  expect(retryDelayMs(exponential, 1_000, 0)).toBe(10_000);
  expect(retryDelayMs({ ...exponential, delayMs: 1 }, 100_000, 0)).toBe(10_000);
});

test('no wait stays no wait, however many attempts there were', () => {
  expect(retryDelayMs({ ...exponential, delayMs: 0 }, 1_000, 0)).toBe(0);
  expect(retryDelayMs({ ...exponential, delayMs: 0 }, 100_000, 0)).toBe(0);
});

test('a longest wait below the first one caps the first one too', () => {
  expect(waits({ ...exponential, maxDelayMs: 400 })).toEqual([400, 400, 400, 400, 400, 400]);
});

test('unless told otherwise, jobs wait from one second to one hour, less up to a fifth', () => {
  expect(retryDelayMs(defaultBackoff, 1, 0)).toBe(1_000);
  expect(retryDelayMs(defaultBackoff, 13, 0)).toBe(3_600_000);
  expect(retryDelayMs(defaultBackoff, 1, 1)).toBe(800);
});

describe('the bounds of a backoff', () => {
  const accepts = Schema.is(Backoff);
  const THIRTY_DAYS = 2_592_000_000;

  test.each([0, 1, THIRTY_DAYS])('a wait of %d ms is possible', (delayMs) => {
    expect(accepts({ type: 'fixed', delayMs })).toBe(true);
    expect(accepts({ ...exponential, delayMs })).toBe(true);
    expect(accepts({ ...exponential, maxDelayMs: delayMs })).toBe(true);
  });

  test.each([-1, 0.5, THIRTY_DAYS + 1, Number.NaN, Number.POSITIVE_INFINITY, '1000', null])(
    'a wait of %s is refused',
    (delayMs) => {
      expect(accepts({ type: 'fixed', delayMs })).toBe(false);
      expect(accepts({ ...exponential, delayMs })).toBe(false);
      expect(accepts({ ...exponential, maxDelayMs: delayMs })).toBe(false);
    },
  );

  test.each([0, 0.2, 1])('a jitter of %d is possible', (jitter) => {
    expect(accepts({ ...exponential, jitter })).toBe(true);
  });

  test.each([-0.1, 1.1, Number.NaN, '0.2'])('a jitter of %s is refused', (jitter) => {
    expect(accepts({ ...exponential, jitter })).toBe(false);
  });

  test('another kind of backoff is refused', () => {
    expect(accepts({ type: 'linear', delayMs: 1_000 })).toBe(false);
  });
});
