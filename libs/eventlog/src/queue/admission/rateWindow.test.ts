import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateWindow } from './rateWindow.ts';

test('never lets in more than the rate within any stretch of time, and all of it at once', () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), wanted: fc.integer({ min: 0, max: 6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (steps, starts) => {
      const window = new RateWindow({ starts, perMs: 1_000 });
      const taken: number[] = [];
      let now = 0;
      for (const { ms, wanted } of steps) {
        now += ms;
        const recent = taken.filter((at) => at > now - 1_000).length;
        expect(window.free(now)).toBe(starts - recent);
        for (let n = Math.min(wanted, window.free(now)); n > 0; n--) {
          window.take(now);
          taken.push(now);
        }
      }
    }),
  );
});

test('tells when the next start is free, and takes a start back that was none', () => {
  const window = new RateWindow({ starts: 2, perMs: 1_000 });
  expect(window.nextFreeMs(0)).toBeUndefined();
  window.take(100);
  window.take(300);
  expect([window.free(400), window.nextFreeMs(400)]).toEqual([0, 700]);
  window.giveBack(100);
  expect([window.free(400), window.nextFreeMs(400)]).toEqual([1, 900]);
  window.giveBack(100);
  expect(window.free(400)).toBe(1);
});
