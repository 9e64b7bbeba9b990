/**
 * Text of at most `limit` characters that every reader of the log can store: Postgres refuses NUL and half a surrogate
 * pair, which a cut can leave behind.
 */
export function capText(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return cut.toWellFormed().replaceAll('\0', '\uFFFD');
}
