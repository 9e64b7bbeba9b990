import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { silentLogger } from './handler/logger.ts';
import { runUntilSignal } from './runUntilSignal.ts';

const start = () => Promise.reject(new Error('no server'));

test('a part that cannot start is stopped, and its error is that of the run', async () => {
  const stop = vi.fn<() => Promise<void>>(async () => undefined);
  const info = vi.fn<() => void>();
  await expect(runUntilSignal({ start, stop }, { ...silentLogger, info })).rejects.toThrow('no server');
  expect(stop).toHaveBeenCalledOnce();
  expect(info).not.toHaveBeenCalled(); // it was never ready
});

test('the error of a part that cannot start is reported when the part has stopped', async () => {
  const steps: string[] = [];
  const stop = async () => {
    await setImmediate();
    steps.push('stopped');
  };
  await runUntilSignal({ start, stop }, silentLogger).catch(() => steps.push('reported'));
  expect(steps).toEqual(['stopped', 'reported']);
});

const listeners = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');

test('signals are listened to until the part has stopped, and no longer', async () => {
  const before = listeners();
  const during: number[] = [];
  const stop = async () => {
    await setImmediate();
    during.push(listeners());
  };
  await runUntilSignal({ start, stop }, silentLogger).catch(() => undefined);
  expect({ during, after: listeners() }).toEqual({ during: [before + 2], after: before });
});
