import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimiter } from './rateLimiter.ts';

test('never lets in more than the rate within any stretch of time, and all of it at once', () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), wanted: fc.integer({ min: 0, max: 6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (steps, starts) => {
      const window = new RateLimiter({ starts, perMs: 1_000 });
      const taken: number[] = [];
      let now = 0;
      for (const { ms, wanted } of steps) {
        now += ms;
        const recent = taken.filter((at) => at > now - 1_000).length;
        expect(window.available(now)).toBe(starts - recent);
        for (let n = Math.min(wanted, window.available(now)); n > 0; n--) {
          window.acquire(now);
          taken.push(now);
        }
      }
    }),
  );
});

test('tells when the next start is free, and takes a start back that was none', () => {
  const window = new RateLimiter({ starts: 2, perMs: 1_000 });
  expect(window.nextAvailableMs(0)).toBeUndefined();
  window.acquire(100);
  window.acquire(300);
  expect([window.available(400), window.nextAvailableMs(400)]).toEqual([0, 700]);
  window.refund(100);
  expect([window.available(400), window.nextAvailableMs(400)]).toEqual([1, 900]);
  window.refund(100);
  expect(window.available(400)).toBe(1);
});
