import { sample, shuffledSubarray } from 'fast-check';
import { isTiming } from './mutationOperators.ts';
import type { Mutant } from './mutationOperators.ts';

/**
 * Returns the mutants in an order that follows from the seed, every second one made by a timing operator while there are
 * any, and those of an operator in turn with those of the others: the first N are a fair sample.
 */
export function chooseMutants(mutants: readonly Mutant[], seed: number): Mutant[] {
  const timing = inTurn(mutants.filter(isTiming), seed);
  const others = inTurn(
    mutants.filter((mutant) => !isTiming(mutant)),
    seed,
  );
  return interleave([timing, others]);
}

/** Shuffles the mutants of each operator, and takes one of each in turn. */
function inTurn(mutants: readonly Mutant[], seed: number): Mutant[] {
  const byOperator = Map.groupBy(mutants, ({ operator }) => operator);
  return interleave([...byOperator.values()].map((group) => shuffled(group, seed)));
}

function shuffled(mutants: readonly Mutant[], seed: number): Mutant[] {
  const arbitrary = shuffledSubarray([...mutants], { minLength: mutants.length });
  return sample(arbitrary, { seed, numRuns: 1 })[0] ?? [];
}

function interleave(lists: readonly (readonly Mutant[])[]): Mutant[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat();
}
