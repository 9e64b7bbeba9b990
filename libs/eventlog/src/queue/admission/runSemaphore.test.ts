import { expect, test } from 'vitest';
import { RunSemaphore } from './runSemaphore.ts';

test('waiters acquire slots in FIFO order', async () => {
  const slots = new RunSemaphore(2, 60_000);
  expect([slots.acquire(), slots.acquire()]).toEqual([true, true]);
  const order: string[] = [];
  const waiting = ['first', 'second'].map(async (name) => {
    expect(await slots.acquire()).toBe(true);
    order.push(name);
  });
  slots.release();
  slots.release();
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'second']);
  slots.release();
  expect(slots.acquire()).toBe(true);
});

test('a waiter that times out acquires no slot, which stays for the next one', async () => {
  const slots = new RunSemaphore(1, 10);
  expect(slots.acquire()).toBe(true);
  expect(await slots.acquire()).toBe(false);
  slots.release();
  expect(slots.acquire()).toBe(true);
});
