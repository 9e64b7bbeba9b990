import { storableInstant } from '../instant.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { conditionsOf, whereClause, type JobFilter } from './jobFilter.ts';

/** A page of a list of jobs; `limit` is 1 to 1,000. */
export interface PageQuery extends JobFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Asks for the next page; null on the last. */
  readonly nextCursor: string | null;
}

const MAX_LIMIT = 1_000;

/**
 * Selects a page and one row more, newest first. Not a named statement: which index serves it depends on the values, so
 * Postgres must plan with them in hand.
 */
export function pageStatement(columns: string, query: PageQuery): { text: string; values: unknown[] } {
  const { limit, cursor } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`expected limit to be an integer from 1 to ${MAX_LIMIT}, got: ${limit}`);
  }
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = conditionsOf(query, bind);
  if (cursor !== undefined) {
    const { createdAt, id } = decodeCursor(cursor);
    conditions.push(`(created_at, id) < (${bind(storableInstant(createdAt))}, ${bind(id)})`);
  }
  const text = `SELECT ${columns} FROM jobs ${whereClause(conditions)}
    ORDER BY created_at DESC, id DESC LIMIT ${bind(limit + 1)}`;
  return { text, values };
}

/** The page in the rows of its statement. */
export function pageOf<Item extends { readonly id: string; readonly createdAt: string }>(
  found: readonly Item[],
  limit: number,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? encodeCursor(last) : null };
}
