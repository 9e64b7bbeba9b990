import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';

/** What is expected of a value: of objects only the fields that are named, of everything else all of it. */
export function matches(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(namedIn(expected, actual), expected);
}

/** Returns the part of a value that an expectation names. */
export function namedIn(expected: unknown, actual: unknown): unknown {
  if (!isFields(expected) || !isFields(actual)) return actual;
  const named = Object.keys(expected).filter((name) => name in actual);
  return Object.fromEntries(named.map((name) => [name, namedIn(expected[name], actual[name])]));
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the error of an assertion: a sentence, what differs, and what else helps to understand it. */
export function mismatch(
  sentence: string,
  { actual, expected }: { readonly actual: unknown; readonly expected: unknown },
  context: readonly string[],
): AssertionError {
  const { message: difference } = new AssertionError({ actual, expected, operator: 'deepStrictEqual' });
  // Node's message begins with a sentence of its own, and without an operator it adds none to ours.
  const lines = difference.split('\n').slice(1);
  return new AssertionError({ message: [sentence, ...lines, ...context].join('\n'), actual, expected });
}
