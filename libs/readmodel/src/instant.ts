import { types } from 'pg';

/** The instant as a `timestamptz` column takes it, cut to milliseconds: what is written must be what is read again. */
export function storableInstant(text: string): string {
  return new Date(text).toISOString();
}

const parseTimestamptz = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** The text of a `timestamptz` column as RFC 3339 in UTC with milliseconds. */
export function instantText(stored: string): string {
  return parseTimestamptz(stored).toISOString();
}
