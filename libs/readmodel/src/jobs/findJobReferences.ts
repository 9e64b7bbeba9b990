import type { Pool } from 'pg';
import { pageOf, pageStatement } from './pageStatement.ts';
import type { Page, PageQuery } from './pageStatement.ts';

/** As much of a job as one needs to find it in the log. */
export interface JobReference {
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
}

export async function findJobReferences(pool: Pool, query: PageQuery): Promise<Page<JobReference>> {
  const { rows } = await pool.query<JobReference>(pageStatement('id, type, created_at AS "createdAt"', query));
  return pageOf(rows, query.limit);
}
