/** Stands for every value that came too late for a series of its own. */
export const OTHER = 'other';

/**
 * Keeps the values of a label few, however many a user makes up: the first `max` keep their names, all others become
 * `other`, for as long as the process lives. So no series ever changes its meaning.
 */
export function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}
