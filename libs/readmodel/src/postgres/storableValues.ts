import { types } from 'pg';

/** As `toISOString` writes it, on a day that every month has: then parsing is not needed. */
const STORABLE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * Postgres stores neither U+0000 nor half a surrogate pair. Each is written as this noncharacter, which no text is
 * meant to contain, and its four hexadecimal digits; so is the noncharacter itself. Nothing is lost on the way back.
 */
const MARK = '\u{fdd0}';
const UNSTORABLE_ALL = /[\0\ufdd0\p{Surrogate}]/gu;
const MARKED = /\ufdd0([0-9a-f]{4})/g;

/** In the output of JSON.stringify, which escapes both kinds; the second branch eats other escapes such as `\\`. */
const UNSTORABLE_JSON_ALL = /\\u(0000|d[89a-f][0-9a-f]{2})|\\.|\ufdd0/g;

/** Encodes a text for a `text` column. */
export function storableText(text: string): string {
  // Fast where all characters are Latin-1, which is known without looking at them.
  if (text.isWellFormed() && !text.includes('\0') && !text.includes(MARK)) return text;
  return text.replaceAll(UNSTORABLE_ALL, (char) => MARK + char.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** Decodes the text that `storableText` encoded. */
export function originalText(stored: string): string {
  if (!stored.includes(MARK)) return stored;
  return stored.replaceAll(MARKED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Replaces a value that JSON.stringify cannot write: one job must not stop the projection. */
const TOO_DEEP = '"(nested too deep to be shown)"';

/** Encodes a value for a `jsonb` column; undefined becomes null. */
export function storableJson(value: unknown): string {
  const json = jsonOf(value);
  if (!json.includes('\\u') && !json.includes(MARK)) return json;
  return json.replaceAll(UNSTORABLE_JSON_ALL, (match, hex?: string) => {
    if (match === MARK) return `${MARK}fdd0`;
    return hex === undefined ? match : MARK + hex;
  });
}

/** Decodes the value that `storableJson` encoded, from the text of the `jsonb` column. */
export function originalJson(stored: string): unknown {
  return JSON.parse(stored.includes(MARK) ? stored.replaceAll(MARKED, String.raw`\u$1`) : stored);
}

/** JSON.parse reads any depth, JSON.stringify overflows the stack at some thousand levels; Postgres takes more. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    throw error;
  }
}

/** The instant for a `timestamptz` column, cut to milliseconds, so that it is read as it was written. */
export function storableInstant(text: string): string {
  return STORABLE.test(text) ? text : new Date(text).toISOString();
}

const parseTimestamptz = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** The text of a `timestamptz` column as RFC 3339 in UTC with milliseconds. */
export function instantText(stored: string): string {
  return parseTimestamptz(stored).toISOString();
}
