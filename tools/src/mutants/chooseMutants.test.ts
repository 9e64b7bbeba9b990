import { expect, test } from 'vitest';
import { chooseMutants } from './chooseMutants.ts';
import { isTiming, mutantsOf } from './mutationOperators.ts';

const source = Array.from({ length: 20 }, (_, index) => `async () => { await f${index}(); if (${index} < n) g(); };`);
const mutants = mutantsOf('a.ts', source.join('\n'));

test('every second mutant is one of time, and all are chosen in the end', () => {
  const chosen = chooseMutants(mutants, 7);
  expect(chosen.slice(0, 40).map(isTiming)).toEqual(Array.from({ length: 40 }, (_, index) => index % 2 === 0));
  expect(new Set(chosen)).toEqual(new Set(mutants));
});

test('the order follows from the seed', () => {
  expect(chooseMutants(mutants, 7)).toEqual(chooseMutants(mutants, 7));
  expect(chooseMutants(mutants, 7)).not.toEqual(chooseMutants(mutants, 8));
});
