import { expect, test } from 'vitest';
import { chaosOptions } from './chaosOptions.ts';

const isolationOf = (seed: string) => chaosOptions({ CHAOS_SEED: seed }).isolation;
const optionsWith = (CHAOS_ISOLATION: string) => chaosOptions({ CHAOS_SEED: 'p1', CHAOS_ISOLATION });

test('a third of the seeds have serializable transactions, and a seed has the same each time', () => {
  const seeds = Array.from({ length: 300 }, (_, number) => `seed ${number}`);
  const isolations = seeds.map(isolationOf);
  expect(isolations).toEqual(seeds.map(isolationOf));
  const serializable = isolations.filter((isolation) => isolation === 'serializable').length;
  expect(serializable).toBeGreaterThan(80);
  expect(serializable).toBeLessThan(120);
});

test('the level of the seed can be replaced by one of the two', () => {
  expect(optionsWith('read committed').isolation).toBe('read committed');
  expect(optionsWith('serializable').isolation).toBe('serializable');
  expect(() => optionsWith('snapshot')).toThrow(
    'expected CHAOS_ISOLATION to be serializable or read committed, got: snapshot',
  );
});
