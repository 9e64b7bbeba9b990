import { storableInstant, storableText } from '../postgres/storableValues.ts';
import type { JobStatus } from '@jobstream/domain';
import { InvalidCursorError } from '../errors.ts';

const DECODED = /^([^ ]{20,30}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** A page of a list of jobs; `limit` is 1 to 1,000. */
export interface PageQuery extends JobFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The cursor of the next page; null on the last. */
  readonly nextCursor: string | null;
}

const MAX_LIMIT = 1_000;

/**
 * Selects a page and one more row, newest first. Not a named statement, since the best index depends on the values.
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

/** Builds the page from the rows of `pageStatement`. */
export function pageOf<Item extends { readonly id: string; readonly createdAt: string }>(
  found: readonly Item[],
  limit: number,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? encodeCursor(last) : null };
}

/** A filter of jobs; all given conditions must hold. Times are RFC 3339, exclusive, to the millisecond. */
export interface JobFilter {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly tag?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** Adds a value to a statement and returns its placeholder. */
type Bind = (value: unknown) => string;

/** The conditions of a filter on the table `jobs`. */
export function conditionsOf(
  { tenant, type, status, tag, createdAfter, createdBefore }: JobFilter,
  bind: Bind,
): string[] {
  const conditions: string[] = [];
  if (tenant !== undefined) conditions.push(`tenant = ${bind(tenant)}`);
  if (type !== undefined) conditions.push(`type = ${bind(storableText(type))}`);
  if (status !== undefined) conditions.push(`status = ${bind(status)}`);
  // The second condition lets Postgres use the index over the jobs that have tags.
  if (tag !== undefined) conditions.push(`tags @> ARRAY[${bind(storableText(tag))}]::text[] AND tags <> '{}'`);
  if (createdAfter !== undefined) conditions.push(`created_at > ${bind(storableInstant(createdAfter))}`);
  if (createdBefore !== undefined) conditions.push(`created_at < ${bind(storableInstant(createdBefore))}`);
  return conditions;
}

export function whereClause(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}

/** The position of a job in the list, newest first; ids order jobs of the same millisecond. */
interface Position {
  readonly createdAt: string;
  readonly id: string;
}

/** Encodes the position after a job as an opaque cursor. */
function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

/** Decodes a cursor. @throws InvalidCursorError for a text that encodeCursor did not make. */
function decodeCursor(cursor: string): Position {
  const [, createdAt, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (createdAt === undefined || id === undefined || !isInstant(createdAt)) throw new InvalidCursorError();
  const position = { createdAt, id };
  // Only one spelling is accepted: base64 decoding is lenient with characters that do not belong to it.
  if (encodeCursor(position) !== cursor) throw new InvalidCursorError();
  return position;
}

function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
