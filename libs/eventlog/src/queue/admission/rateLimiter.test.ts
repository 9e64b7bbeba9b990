import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimiter } from './rateLimiter.ts';

test('allows the rate within any period, and all of it at once', () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), wanted: fc.integer({ min: 0, max: 6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (steps, starts) => {
      const limiter = new RateLimiter({ starts, perMs: 1_000 });
      const taken: number[] = [];
      let now = 0;
      for (const { ms, wanted } of steps) {
        now += ms;
        const recent = taken.filter((at) => at > now - 1_000).length;
        expect(limiter.available(now)).toBe(starts - recent);
        for (let n = Math.min(wanted, limiter.available(now)); n > 0; n--) {
          limiter.acquire(now);
          taken.push(now);
        }
      }
    }),
  );
});

test('returns when the next start is allowed, and refunds a start', () => {
  const limiter = new RateLimiter({ starts: 2, perMs: 1_000 });
  expect(limiter.nextAvailableMs(0)).toBeUndefined();
  limiter.acquire(100);
  limiter.acquire(300);
  expect([limiter.available(400), limiter.nextAvailableMs(400)]).toEqual([0, 700]);
  limiter.refund(100);
  expect([limiter.available(400), limiter.nextAvailableMs(400)]).toEqual([1, 900]);
  limiter.refund(100);
  expect(limiter.available(400)).toBe(1);
});
