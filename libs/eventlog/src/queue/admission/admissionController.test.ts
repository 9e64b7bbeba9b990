import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Timer, Timers } from '../../connection/processTimers.ts';
import { AdmissionController } from './admissionController.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a newcomer does not pass those who wait, although the rate is free again before they are admitted', async () => {
  const rate = { starts: 1, perMs: 2 };
  const admission = new AdmissionController({ concurrency: 10, rate, onAvailable: () => undefined });
  const admitted: string[] = [];
  const acquire = async (name: string) => {
    await admission.acquire();
    admitted.push(name);
  };
  const all = [acquire('started'), acquire('waiting')];
  // The rate is checked every 10 ms at most.
  vi.advanceTimersByTime(5);
  all.push(acquire('newcomer'));
  vi.advanceTimersByTime(20);
  await Promise.all(all);
  expect(admitted).toEqual(['started', 'waiting', 'newcomer']);
  admission.close();
});

test('those who wait are admitted, also when their turn comes between two looks at the clock', async () => {
  const clock = new CreepingClock();
  const admission = new AdmissionController({
    concurrency: 100,
    rate: { starts: 1, perMs: 100 },
    onAvailable: () => undefined,
    timers: clock,
  });
  let admitted = 0;
  const acquire = async () => {
    await admission.acquire();
    admitted += 1;
  };
  const all = Array.from({ length: 20 }, acquire);
  await clock.runAll();
  expect(admitted).toBe(20);
  await Promise.all(all);
  admission.close();
});

/** Time passes whenever it is read, and timers are early by more than that, and by less than twice that. */
class CreepingClock implements Timers {
  #now = 0;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return (this.#now += 0.3);
  }

  setTimeout(run: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms - 0.5, run };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(timer: Timer | undefined): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** Runs timers at their times, until none is left. */
  async runAll(): Promise<void> {
    for (let next = this.#timers.shift(); next !== undefined; next = this.#timers.shift()) {
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await Promise.resolve();
    }
  }
}
