import type { LogEntry } from '@jobstream/eventlog';
import { beforeEach, afterEach, expect, test, vi } from 'vitest';
import { BatchQueue } from './batchQueue.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('what comes after a pause goes out at once, however little', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 1));
  expect(batches).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(10);
  await queue.add(entries(2, 2));
  expect(batches).toEqual([[1], [2]]);
});

test('what comes soon after waits until the last batch is 10 ms old, and goes out together', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 1));
  await vi.advanceTimersByTimeAsync(3);
  await queue.add(entries(2, 3));
  await vi.advanceTimersByTimeAsync(3);
  await queue.add(entries(4, 4));
  expect(batches).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(4);
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

test('what is worth a transaction waits for nothing but the second batch before it', async () => {
  const { queue, batches, finish } = queueWithBatches({ byHand: true });
  await queue.add(entries(1, 1));
  await queue.add(entries(2, 2_001));
  await queue.add(entries(2_002, 4_001));
  expect(batches.map(({ length }) => length)).toEqual([1, 2_000]);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(batches.map(({ length }) => length)).toEqual([1, 2_000, 2_000]);
});

test('nothing goes out after a stop', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 1));
  await queue.add(entries(2, 2));
  await queue.stop();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(batches).toEqual([[1]]);
});

/** The sequences of each batch that is handed over; `byHand`, each lasts until `finish` is called. */
function queueWithBatches({ byHand = false } = {}) {
  const batches: number[][] = [];
  const open: (() => void)[] = [];
  const queue = new BatchQueue(async (batch) => {
    batches.push(batch.map(({ sequence }) => sequence));
    if (byHand) await new Promise<void>((resolve) => open.push(resolve));
  });
  return { queue, batches, finish: () => open.shift()?.() };
}

function entries(from: number, through: number): LogEntry[] {
  return Array.from({ length: through - from + 1 }, (_, index) => ({ kind: 'other', sequence: from + index }));
}
