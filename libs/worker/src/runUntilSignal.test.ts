import { expect, test, vi } from 'vitest';
import { silentLogger } from './handler/logger.ts';
import { runUntilSignal } from './runUntilSignal.ts';

test('a part that cannot start is stopped, and its error is that of the run', async () => {
  const stop = vi.fn(async () => undefined);
  const info = vi.fn();
  const start = () => Promise.reject(new Error('no server'));
  await expect(runUntilSignal({ start, stop }, { ...silentLogger, info })).rejects.toThrow('no server');
  expect(stop).toHaveBeenCalledOnce();
  expect(info).not.toHaveBeenCalled(); // it was never ready
});
