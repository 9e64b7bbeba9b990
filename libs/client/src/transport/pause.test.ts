import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause } from './pause.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a pause that is aborted leaves no timer, which would keep the process alive', async () => {
  const over = new AbortController();
  const pausing = pause(20_000, over.signal);
  expect(vi.getTimerCount()).toBe(1);
  over.abort(new Error('enough'));
  await expect(pausing).rejects.toThrow('enough');
  expect(vi.getTimerCount()).toBe(0);
});
