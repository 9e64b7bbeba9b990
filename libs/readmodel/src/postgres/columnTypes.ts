import { types } from 'pg';
import type { CustomTypesConfig } from 'pg';
import { instantText } from './storableValues.ts';

type Parse = (text: string) => unknown;

/**
 * The results of queries have `timestamptz` as RFC 3339 text, `bigint` as a number, and `jsonb` as its text (for
 * originalJson), because a parsed JSON null could not be distinguished from SQL NULL.
 */
const parsers: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [types.builtins.TIMESTAMPTZ, instantText],
  [types.builtins.INT8, safeInteger],
  [types.builtins.JSONB, (text) => text],
]);

/** The parsers for one client or pool; other users of `pg` in the process are not affected. */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number) => parsers.get(oid) ?? parserOfPg(oid)) as typeof types.getTypeParser,
};

const parserOfPg = types.getTypeParser as (oid: number) => Parse;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`the integer ${text} is beyond 2^53`);
  return value;
}
