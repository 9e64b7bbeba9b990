/** Shorter names are near to too many other variables. */
const LEAST_LENGTH = 7;
const MOST_EDITS = 2;

/**
 * Returns a sentence for each variable that is probably a misspelt setting: with the same first letter, and at most two edits away from
 * one that is not set itself. The processes of Jobstream do the same with all settings, by a library that would be too much here.
 */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  settings: readonly string[],
): readonly string[] {
  const unset = settings.filter((name) => name.length >= LEAST_LENGTH && !env[name]);
  return Object.keys(env).flatMap((name) => {
    if (settings.includes(name)) return [];
    const meant = unset.find((other) => name[0] === other[0] && edits(name, other) <= MOST_EDITS);
    return meant === undefined ? [] : [`${name} is not a setting and has no effect: is ${meant} meant?`];
  });
}

/** The Levenshtein distance; infinite for names whose lengths tell that they are too different. */
function edits(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > MOST_EDITS) return Infinity;
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let index = 0; index < left.length; index += 1) {
    const next = [index + 1];
    for (let at = 0; at < right.length; at += 1) {
      const [above = 0, aslant = 0, before = 0] = [row[at + 1], row[at], next[at]];
      next.push(Math.min(above + 1, before + 1, aslant + (left[index] === right[at] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? Infinity;
}
