import { Problem } from '../../problems/problem.ts';
import { invalidRequest } from './decodeBody.ts';
import { findSourceFaults, isEscaped } from './sourceFaults.ts';

/** Deeper than any body that is accepted, so that such a value is refused without a closer look. */
const MAX_DEPTH = 100;
const SPACE = 0x20;
const QUOTE = 0x22;

/**
 * Parses a JSON text, unless `JSON.parse` would change it in silence.
 *
 * @throws Problem `malformed-json` if it is not JSON or gives a name twice in an object; `invalid-request` with the places
 * of integers that would get other digits.
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  const seen: Seen = { names: 0, hasLargeNumber: false, isTooDeep: false };
  look(value, seen, 0);
  if (seen.isTooDeep) return value;
  if (seen.hasLargeNumber || countNamesInText(text) !== seen.names) assertNoFaults(text);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('malformed-json', { detail: error instanceof Error ? error.message : '', cause: error });
  }
}

function assertNoFaults(text: string): void {
  const { names, numbers } = findSourceFaults(text);
  if (names.length > 0) throw new Problem('malformed-json', { detail: 'a name is given twice', errors: names });
  if (numbers.length > 0) throw invalidRequest(numbers);
}

/** The number of names in a valid JSON text, or a little more: a string may look like the end of a name. */
function countNamesInText(text: string): number {
  let names = 0;
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (text.charCodeAt(before) <= SPACE) before -= 1;
    if (text.charCodeAt(before) === QUOTE && !isEscaped(text, before)) names += 1;
  }
  return names;
}

interface Seen {
  names: number;
  /** There is a number that may have other digits in the text. */
  hasLargeNumber: boolean;
  isTooDeep: boolean;
}

/** Counts the names in a value; a cheap pass that is made for every body. */
function look(value: unknown, seen: Seen, depth: number): void {
  if (typeof value === 'number') {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) seen.hasLargeNumber = true;
  } else if (typeof value === 'object' && value !== null) {
    if (depth > MAX_DEPTH) seen.isTooDeep = true;
    else lookInside(value, seen, depth + 1);
  }
}

function lookInside(value: object, seen: Seen, depth: number): void {
  if (Array.isArray(value)) {
    for (const item of value) look(item, seen, depth);
  } else {
    // Faster than Object.entries by far; JSON.parse makes no inherited properties.
    for (const name in value) {
      seen.names += 1;
      look((value as Readonly<Record<string, unknown>>)[name], seen, depth);
    }
  }
}
