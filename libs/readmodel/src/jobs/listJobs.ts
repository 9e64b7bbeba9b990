import type { Job, JobStatus } from '@jobstream/domain';
import type { Pool } from 'pg';
import { storableInstant } from '../instant.ts';
import { storableText } from '../storableText.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { jobColumns, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';

/** What to list. The times are RFC 3339, exclusive, and count in whole milliseconds; `limit` is 1 to 1,000. */
export interface JobListQuery {
  readonly type?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly tag?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One page of jobs, newest first; `nextCursor` asks for the next one and is null on the last. */
export interface JobPage {
  readonly items: readonly Job[];
  readonly nextCursor: string | null;
}

const MAX_LIMIT = 1_000;

export async function listJobs(pool: Pool, query: JobListQuery): Promise<JobPage> {
  const { limit } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`expected limit to be an integer from 1 to ${MAX_LIMIT}, got: ${limit}`);
  }
  const { rows } = await pool.query<JobRow>(statement(query));
  const items = rows.slice(0, limit).map(jobOfRow);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null };
}

/** Not a named statement: which index serves it depends on the values, so Postgres must plan with them in hand. */
function statement(query: JobListQuery): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = filters(query, bind);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const text = `SELECT ${jobColumns} FROM jobs ${where}
    ORDER BY created_at DESC, id DESC LIMIT ${bind(query.limit + 1)}`;
  return { text, values };
}

function filters(query: JobListQuery, bind: (value: unknown) => string): string[] {
  const { type, status, tag, createdAfter, createdBefore, cursor } = query;
  const conditions: string[] = [];
  if (type !== undefined) conditions.push(`type = ${bind(storableText(type))}`);
  if (status !== undefined) conditions.push(`status = ${bind(status)}`);
  // The second condition lets Postgres use the index over the jobs that have tags.
  if (tag !== undefined) conditions.push(`tags @> ARRAY[${bind(storableText(tag))}]::text[] AND tags <> '{}'`);
  if (createdAfter !== undefined) conditions.push(`created_at > ${bind(storableInstant(createdAfter))}`);
  if (createdBefore !== undefined) conditions.push(`created_at < ${bind(storableInstant(createdBefore))}`);
  if (cursor !== undefined) {
    const { createdAt, id } = decodeCursor(cursor);
    conditions.push(`(created_at, id) < (${bind(storableInstant(createdAt))}, ${bind(id)})`);
  }
  return conditions;
}
