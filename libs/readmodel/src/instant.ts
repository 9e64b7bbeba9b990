import { types } from 'pg';

/** As `toISOString` writes it, on a day that every month has: no need to ask for it. */
const STORABLE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** The instant as a `timestamptz` column takes it, cut to milliseconds: what is written must be what is read again. */
export function storableInstant(text: string): string {
  return STORABLE.test(text) ? text : new Date(text).toISOString();
}

const parseTimestamptz = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** The text of a `timestamptz` column as RFC 3339 in UTC with milliseconds. */
export function instantText(stored: string): string {
  return parseTimestamptz(stored).toISOString();
}
