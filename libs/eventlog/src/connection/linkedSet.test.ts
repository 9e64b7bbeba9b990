import { expect, test } from 'vitest';
import { LinkedSet } from './linkedSet.ts';

test('members are in the order in which they came, whichever of them go', () => {
  const set = new LinkedSet<string>();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => set.add(item));
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('no places');
  expect(set.remove(b)).toBe(true);
  expect([...set]).toEqual(['a', 'c', 'd']);
  set.remove(a);
  set.remove(d);
  expect([...set]).toEqual(['c']);
  expect(set.first).toBe('c');
  set.add('e');
  expect([...set]).toEqual(['c', 'e']);
  expect(set.size).toBe(2);
});

test('a member is removed once', () => {
  const set = new LinkedSet<string>();
  const place = set.add('a');
  set.add('b');
  expect([set.remove(place), set.remove(place), set.size]).toEqual([true, false, 1]);
});

test('all of it can be removed while it is gone through, and it can be filled again', () => {
  const set = new LinkedSet<number>();
  const places = [1, 2, 3].map((item) => set.add(item));
  const seen: number[] = [];
  for (const item of set) {
    seen.push(item);
    const place = places[item - 1];
    if (place !== undefined) set.remove(place);
  }
  expect([seen, set.size, set.first]).toEqual([[1, 2, 3], 0, undefined]);
  set.add(4);
  expect([...set]).toEqual([4]);
});
