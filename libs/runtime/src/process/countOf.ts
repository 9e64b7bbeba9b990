const NUMBERS = new Intl.NumberFormat('en');

/** Returns a number with its noun: `1 job`, `1,234 jobs`. */
export function countOf(count: number, noun: string): string {
  return `${NUMBERS.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}
