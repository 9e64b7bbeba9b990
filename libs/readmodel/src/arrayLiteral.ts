const NEEDS_ESCAPE = /["\\]/;
const NEEDS_ESCAPE_ALL = /["\\]/g;

/**
 * A Postgres array as text. Ten times as fast as what `pg` makes of an array, which escapes each element twice;
 * with ten thousands of values a batch, this is where the time goes.
 */
export function arrayLiteral(values: readonly (string | number | null)[]): string {
  let [last, lastElement]: [string | number | null, string | number] = [null, 'NULL'];
  const elements = values.map((value) => {
    if (value !== last) [last, lastElement] = [value, elementOf(value)]; // jobs of a batch are much alike
    return lastElement;
  });
  return `{${elements.join(',')}}`;
}

/** As `arrayLiteral`, of values whose text never needs quotes: numbers, ids and instants. */
export function plainArrayLiteral(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

function elementOf(value: string | number | null): string | number {
  return typeof value === 'string' ? quoted(value) : (value ?? 'NULL');
}

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replaceAll(NEEDS_ESCAPE_ALL, String.raw`\$&`)}"` : `"${text}"`;
}
