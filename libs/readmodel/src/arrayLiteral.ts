const NEEDS_ESCAPE = /["\\]/;
const NEEDS_ESCAPE_ALL = /["\\]/g;

/**
 * A Postgres array as text. Ten times as fast as what `pg` makes of an array, which escapes each element twice;
 * with ten thousands of values a batch, this is where the time goes.
 */
export function arrayLiteral(values: readonly (string | number | null)[]): string {
  const elements: (string | number)[] = [];
  for (const value of values) elements.push(typeof value === 'string' ? quoted(value) : (value ?? 'NULL'));
  return `{${elements.join(',')}}`;
}

function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replaceAll(NEEDS_ESCAPE_ALL, String.raw`\$&`)}"` : `"${text}"`;
}
