import type { Pool } from 'pg';
import { conditionsOf, whereClause } from './jobFilter.ts';
import type { JobFilter } from './jobFilter.ts';

/** Counts the jobs of a filter and stops at `upTo`, since counting millions takes seconds. */
export async function countMatchingJobs(pool: Pool, filter: JobFilter, upTo: number): Promise<number> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const where = whereClause(conditionsOf(filter, bind));
  const text = `SELECT count(*)::int AS count FROM (SELECT 1 FROM jobs ${where} LIMIT ${bind(upTo)}) AS matching`;
  const { rows } = await pool.query<{ count: number }>({ text, values });
  return rows[0]?.count ?? 0;
}
