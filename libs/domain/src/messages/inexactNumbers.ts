/** Values that are nested deeper are taken for suspicious, so that looking at them needs no deeper stack. */
const MAX_DEPTH = 100;
const STRING_OR_NUMBER = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;

/** Whether a parsed value may have a number that its text does not have: one beyond 2^53 − 1. Cheap. */
export function mayBeInexact(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  for (const item of Object.values(value)) if (mayBeInexact(item, depth + 1)) return true;
  return false;
}

/** Whether a JSON text has a number that `JSON.parse` changes: an integer that comes back with other digits, or one beyond all doubles. */
export function hasInexactNumber(text: string): boolean {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) if (!token.startsWith('"') && !comesBack(token)) return true;
  return false;
}

/** Standard, and not yet declared by TypeScript. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const exactJson: ExactJson = JSON as unknown as ExactJson;

/**
 * As `JSON.parse`, for who writes the value down again and does nothing else with it: a number that `JSON.parse` changes is an object,
 * of which `JSON.stringify` writes the digits of the text.
 */
export function parseExactly(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !comesBack(source) ? exactJson.rawJSON(source) : value,
  );
}

/**
 * Whether JavaScript writes a number with the digits from which it was read. One with a fraction or an exponent counts as
 * the same unless it is beyond all doubles: it is rounded everywhere.
 */
export function comesBack(source: string): boolean {
  const value = Number(source);
  if (Number.isSafeInteger(value) || /[.eE]/.test(source)) return Number.isFinite(value);
  return Number.isFinite(value) && writtenDigits(Math.abs(value)) === source.replace('-', '');
}

/** The digits with which JavaScript writes a large integer, the zeros of its exponent included. */
function writtenDigits(value: number): string {
  const [mantissa = '', exponent] = value.toExponential().split('e');
  return mantissa.replace('.', '').padEnd(Number(exponent) + 1, '0');
}
