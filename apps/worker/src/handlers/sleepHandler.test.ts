import { expect, test } from 'vitest';
import { testContext } from '@jobstream/worker/testing/testContext';
import { sleepHandler } from './sleepHandler.ts';

test('sleeping reports each tenth and ends with a result', async () => {
  const ctx = testContext();
  expect(await sleepHandler().run({ durationMs: 20 }, ctx)).toEqual({ sleptMs: 20 });
  expect(ctx.reports.map(({ percent }) => percent)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
});

test('the first failTimes attempts fail', async () => {
  const payload = { durationMs: 0, failTimes: 2 };
  await expect(sleepHandler().run(payload, testContext({ attempt: 2 }))).rejects.toThrow('attempt 2 of 2');
  await expect(sleepHandler().run(payload, testContext({ attempt: 3 }))).resolves.toEqual({ sleptMs: 0 });
});

test('sleeping stops when its signal is aborted', async () => {
  const controller = new AbortController();
  const running = sleepHandler().run({ durationMs: 86_400_000 }, testContext({ signal: controller.signal }));
  controller.abort();
  await expect(running).rejects.toThrow('aborted');
});
