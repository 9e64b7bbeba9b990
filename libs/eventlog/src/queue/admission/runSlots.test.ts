import { expect, test } from 'vitest';
import { RunSlots } from './runSlots.ts';

test('slots are handed on in the order in which they were asked for', async () => {
  const slots = new RunSlots(2, 60_000);
  expect([slots.take(), slots.take()]).toEqual([true, true]);
  const order: string[] = [];
  const waiting = ['first', 'second'].map(async (name) => {
    expect(await slots.take()).toBe(true);
    order.push(name);
  });
  slots.giveBack();
  slots.giveBack();
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'second']);
  slots.giveBack();
  expect(slots.take()).toBe(true);
});

test('whoever waits too long gets none, and the slot stays for the next', async () => {
  const slots = new RunSlots(1, 10);
  expect(slots.take()).toBe(true);
  expect(await slots.take()).toBe(false);
  slots.giveBack();
  expect(slots.take()).toBe(true);
});
