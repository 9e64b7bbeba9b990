import type { Mutant } from './mutationOperators.ts';

/** Plants mutants of different files, and returns the files in which the compiler then finds mistakes. */
export type Compile = (mutants: readonly Mutant[]) => Promise<ReadonlySet<string>>;

/**
 * Returns the mutants that the compiler refuses. Those of different files are compiled together, because each compilation
 * takes as long as the tests of a file.
 */
export async function refusedMutants(mutants: readonly Mutant[], compile: Compile): Promise<ReadonlySet<Mutant>> {
  const refused = new Set<Mutant>();
  let left = mutants;
  while (left.length > 0) {
    const together = [...new Map(left.map((mutant) => [mutant.file, mutant])).values()];
    for (const mutant of await refusedOf(together, compile)) refused.add(mutant);
    left = left.filter((mutant) => !together.includes(mutant));
  }
  return refused;
}

async function refusedOf(mutants: readonly Mutant[], compile: Compile): Promise<readonly Mutant[]> {
  const mistaken = await compile(mutants);
  const refused = mutants.filter(({ file }) => mistaken.has(file));
  // A mistake in a file without a mutant may be due to any of them.
  if (refused.length === mistaken.size) return refused;
  if (mutants.length === 1) return mutants;
  const half = Math.ceil(mutants.length / 2);
  return [...(await refusedOf(mutants.slice(0, half), compile)), ...(await refusedOf(mutants.slice(half), compile))];
}
