import { expect, test } from 'vitest';
import { LinkedSet } from './linkedSet.ts';

test('a LinkedSet keeps insertion order when members are removed', () => {
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

test('removing a member again has no effect', () => {
  const set = new LinkedSet<string>();
  const place = set.add('a');
  set.add('b');
  expect([set.remove(place), set.remove(place), set.size]).toEqual([true, false, 1]);
});

test('members can be removed during an iteration, and added afterwards', () => {
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
