import { expect, test } from 'vitest';
import type { Mutant } from './mutationOperators.ts';
import { refusedMutants } from './refusedMutants.ts';

const mutant = (id: string): Mutant => ({
  id,
  file: id.slice(0, 1),
  operator: 'comparison',
  before: 'a < b',
  after: 'a <= b',
  start: 0,
  end: 5,
});

/** Tries mutants with a compiler that finds these mistakes. */
async function refused(ids: readonly string[], mistakes: Readonly<Record<string, string>>) {
  const compilations: string[] = [];
  const found = await refusedMutants(ids.map(mutant), async (together) => {
    compilations.push(together.map(({ id }) => id).join(' '));
    return new Set(together.flatMap(({ id }) => mistakes[id] ?? []));
  });
  return { compilations, refused: [...found].map(({ id }) => id) };
}

test('mutants of different files are compiled together', async () => {
  expect(await refused(['a1', 'b1', 'a2', 'c1'], { a1: 'a', c1: 'c' })).toEqual({
    compilations: ['a2 b1 c1', 'a1'],
    refused: ['c1', 'a1'],
  });
});

test('a mistake in a file without a mutant is due to the one with which it appears', async () => {
  expect(await refused(['a1', 'b1', 'c1', 'd1'], { c1: 'elsewhere' })).toEqual({
    compilations: ['a1 b1 c1 d1', 'a1 b1', 'c1 d1', 'c1', 'd1'],
    refused: ['c1'],
  });
});
