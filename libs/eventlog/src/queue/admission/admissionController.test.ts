import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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
