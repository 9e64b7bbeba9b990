import { distance } from 'fastest-levenshtein';

const MAX_NAMES = 3;
/** Two edits make any other name of three letters. */
const SHORT = 3;
/** Comparing takes about a microsecond a name. */
const MAX_COMPARED = 1_000;

/** Returns those of `names` that `name` may be misspelt for, the most similar first, at most three. */
export function nearestNames(name: string, names: readonly string[]): readonly string[] {
  const limit = name.length <= SHORT ? 1 : Math.max(2, Math.floor(name.length / 3));
  const near: { readonly name: string; readonly edits: number }[] = [];
  for (const other of names.slice(0, MAX_COMPARED)) {
    // The lengths alone tell most names apart.
    const edits = Math.abs(other.length - name.length) > limit ? Infinity : distance(name, other);
    if (edits <= limit) near.push({ name: other, edits });
  }
  return near
    .toSorted((left, right) => left.edits - right.edits)
    .slice(0, MAX_NAMES)
    .map((one) => one.name);
}
