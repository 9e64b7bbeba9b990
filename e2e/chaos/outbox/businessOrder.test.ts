import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { businessOrder } from './businessOrder.ts';

const orders = Array.from({ length: 2_000 }, (_, index) => businessOrder('seed', index + 1));
const notes = orders.flatMap(({ note }) => note ?? []);

test('one order of fifty has a note, of 1 to 250 KB, which cannot be made much smaller', () => {
  expect(notes.length).toBeGreaterThan(20);
  expect(notes.length).toBeLessThan(60);
  const lengths = notes.map((note) => note.length);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(250_000);
  // Each character has six bits of chance.
  for (const note of notes) expect(deflateRawSync(note).length).toBeGreaterThan(note.length * 0.74);
  expect(new Set(notes).size).toBe(notes.length);
});

test('an order is the same each time it is drawn', () => {
  expect(businessOrder('seed', 7)).toEqual(orders[6]);
  expect(orders.map(({ first }) => businessOrder('another', first))).not.toEqual(orders);
});
