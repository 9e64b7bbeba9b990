import { sourceOf, valuesOf, whereClause } from './jobFilter.ts';
import type { Bind, JobFilter } from './jobFilter.ts';
import { encodeCursor, isIndexed, orderOf, positionConditions } from './jobSort.ts';
import type { JobSort, Positioned } from './jobSort.ts';

/** A page of a list of jobs; `limit` is 1 to 1,000. */
export interface PageQuery extends JobFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Default `newest`. */
  readonly sort?: JobSort | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The cursor of the next page; null on the last. */
  readonly nextCursor: string | null;
}

const MAX_LIMIT = 1_000;

/** Selections of one type and status each that are merged; beyond, all jobs are read in their order and filtered. */
const MAX_MERGED = 40;

/**
 * Selects a page and one more row. Not a named statement, since the best index depends on the values.
 *
 * @param among conditions in SQL for the jobs that it selects from; default all.
 */
export function pageStatement(
  columns: string,
  query: PageQuery,
  among: readonly string[] = [],
): { text: string; values: unknown[] } {
  const { limit, cursor, sort = 'newest' } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`expected limit to be an integer from 1 to ${MAX_LIMIT}, got: ${limit}`);
  }
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const most = bind(limit + 1);
  const selections = (isIndexed(sort) ? apart(query) : [query]).map((filter) => {
    const { from, conditions, position } = sourceOf(filter, bind);
    const where = whereClause([...among, ...conditions, ...positionConditions({ sort, position, cursor }, bind)]);
    return `(SELECT jobs.* FROM ${from} ${where} ${orderOf(sort, position)} LIMIT ${most})`;
  });
  // Of each selection no more than a page is read, in the order of an index.
  const text = `SELECT ${columns} FROM (${selections.join(' UNION ALL ')}) AS jobs ${orderOf(sort)} LIMIT ${most}`;
  return { text, values };
}

/** A filter for each type and status: an index has the jobs of each in order, and Postgres merges them. */
function apart(query: PageQuery): readonly JobFilter[] {
  const [types, statuses] = [valuesOf(query.type), valuesOf(query.status)];
  if (types.length * statuses.length > MAX_MERGED) return [query];
  return eachOf(types).flatMap((type) => eachOf(statuses).map((status) => Object.assign({}, query, { type, status })));
}

/** One undefined for none. */
function eachOf<Value>(values: readonly Value[]): readonly (Value | undefined)[] {
  return values.length === 0 ? [undefined] : values;
}

/** Builds the page from the rows of `pageStatement`. */
export function pageOf<Item extends Positioned>(
  found: readonly Item[],
  { limit, sort = 'newest' }: Pick<PageQuery, 'limit' | 'sort'>,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? encodeCursor(sort, last) : null };
}
