import { types } from 'pg';

/**
 * The instant as a `timestamptz` column takes it, cut to milliseconds. Texts cannot be passed through: Postgres refuses
 * some that JavaScript reads, such as 30 February (read as 2 March) and the year 0000 (1 BC).
 */
export function storableInstant(text: string): string {
  const iso = new Date(text).toISOString();
  return iso.startsWith('0000') ? `0001${iso.slice(4)} BC` : iso;
}

const parseTimestamptz = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** The text of a `timestamptz` column as RFC 3339 in UTC with milliseconds. */
export function instantText(stored: string): string {
  return parseTimestamptz(stored).toISOString();
}
