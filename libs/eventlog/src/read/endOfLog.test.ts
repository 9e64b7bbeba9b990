import { expect, test } from 'vitest';
import { endOfLog, spanOfLog } from './endOfLog.ts';

/** A log that ends at one of these after the other, and then at the last. */
function logEndingAt(...ends: readonly number[]) {
  let asked = 0;
  const lastSequence = () => Promise.resolve(ends[Math.min(asked++, ends.length - 1)] ?? 0);
  const span = async () => ({ first: 1, last: await lastSequence() });
  return { lastSequence, span, asked: () => asked };
}

test('a log that ends before what was read of it is asked again, as a new leader of a cluster has to be', async () => {
  const log = logEndingAt(841, 841, 850);
  expect(await endOfLog(log, 849)).toBe(850);
  expect(await spanOfLog(logEndingAt(841, 849), 849)).toEqual({ first: 1, last: 849 });
  expect(log.asked()).toBe(3);
});

test('a log that has all that was read is asked once', async () => {
  const log = logEndingAt(849, 850);
  expect(await endOfLog(log, 849)).toBe(849);
  expect(log.asked()).toBe(1);
});

test('it is the end after all when the patience is over, or when it is to stop', async () => {
  expect(await endOfLog(logEndingAt(841), 849, { patienceMs: 0 })).toBe(841);
  expect(await endOfLog(logEndingAt(841), 849, { patienceMs: 3_600_000, stop: AbortSignal.abort() })).toBe(841);
});
