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

test('what waits goes out also when its timer fires a moment early', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 1));
  await vi.advanceTimersByTimeAsync(0.5);
  await queue.add(entries(2, 2)); // in 9.5 ms, of which a timer takes the whole ones
  await vi.advanceTimersByTimeAsync(9);
  expect(batches).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(batches).toEqual([[1], [2]]);
});

test.each([
  { each10Ms: 30, intervalMs: 10 },
  { each10Ms: 60, intervalMs: 82.5 },
  { each10Ms: 90, intervalMs: 155 },
  { each10Ms: 150, intervalMs: 300 },
])('of $each10Ms entries each 10 ms, batches begin about $intervalMs ms apart', async ({ each10Ms, intervalMs }) => {
  const { queue, batches } = queueWithBatches();
  await addFor(600, { queue, each10Ms });
  const before = batches.length;
  await addFor(3_000, { queue, each10Ms });
  const apart = 3_000 / (batches.length - before);
  expect(apart).toBeGreaterThan(intervalMs * 0.9);
  expect(apart).toBeLessThan(intervalMs * 1.2);
});

test('after a pause behind a load, what comes goes out at once', async () => {
  const { queue, batches } = queueWithBatches();
  await addFor(600, { queue, each10Ms: 100 });
  await vi.advanceTimersByTimeAsync(1_000);
  const before = batches.length;
  await queue.add(entries(10_001, 10_001));
  expect(batches.slice(before)).toEqual([[10_001]]);
});

test('under load, what a reader waits for goes out at once, and the batch after it waits again', async () => {
  const { queue, batches } = queueWithBatches();
  await addFor(600, { queue, each10Ms: 100 });
  await queue.add(entries(10_001, 10_001));
  await vi.advanceTimersByTimeAsync(100);
  await queue.add(entries(10_002, 10_002));
  expect(batches.at(-1)).not.toContain(10_002);
  queue.hurry();
  expect(batches.at(-1)).toEqual([10_002]);
  await queue.add(entries(10_003, 10_003));
  expect(batches.at(-1)).toEqual([10_002]);
});

test('what a reader waits for and has not come yet goes out as soon as it comes', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 1));
  queue.hurry();
  await queue.add(entries(2, 2));
  expect(batches).toEqual([[1], [2]]);
});

test('what a reader waits for waits for the batch before it', async () => {
  const { queue, batches, finish } = queueWithBatches({ byHand: true });
  await queue.add(entries(1, 1));
  await queue.add(entries(2, 2));
  queue.hurry();
  expect(batches).toEqual([[1]]);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(batches).toEqual([[1], [2]]);
});

test('what is worth a transaction waits for nothing but the second batch before it', async () => {
  const { queue, batches, finish } = queueWithBatches({ byHand: true });
  await queue.add(entries(1, 1));
  await queue.add(entries(2, 5_001));
  await queue.add(entries(5_002, 10_001));
  expect(batches.map(({ length }) => length)).toEqual([1, 5_000]);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(batches.map(({ length }) => length)).toEqual([1, 5_000, 5_000]);
});

test('a batch ends before it is larger than 16 MB, except with one entry that is larger alone', async () => {
  const { queue, batches } = queueWithBatches();
  await queue.add(entries(1, 5, 5_000_000));
  await vi.advanceTimersByTimeAsync(10);
  await queue.add([...entries(6, 6, 20_000_000), ...entries(7, 7)]);
  await vi.advanceTimersByTimeAsync(10);
  expect(batches).toEqual([[1, 2, 3], [4, 5], [6], [7]]);
});

test('of what is large, two batches are under way and no more is taken until less than a batch waits', async () => {
  const { queue, batches, finish } = queueWithBatches({ byHand: true });
  let isTaken = false;
  void queue.add(entries(1, 9, 6_000_000)).then(() => (isTaken = true));
  await vi.advanceTimersByTimeAsync(0);
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(batches.at(-1)).toEqual([5, 6]);
  expect(isTaken).toBe(false);
  finish();
  await vi.advanceTimersByTimeAsync(0);
  expect(batches.at(-1)).toEqual([7, 8]);
  expect(isTaken).toBe(true);
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

/** Adds so many entries each 10 ms. */
async function addFor(ms: number, { queue, each10Ms }: { queue: BatchQueue; each10Ms: number }): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    await queue.add(entries(1, each10Ms));
    await vi.advanceTimersByTimeAsync(10);
  }
}

function entries(from: number, through: number, bytes = 100): LogEntry[] {
  return Array.from({ length: through - from + 1 }, (_, index) => ({ kind: 'other', sequence: from + index, bytes }));
}
