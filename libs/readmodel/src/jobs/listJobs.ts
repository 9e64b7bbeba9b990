import type { Job } from '@jobstream/domain';
import type { Pool } from 'pg';
import { jobColumns, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import { pageOf, pageStatement } from './pageStatement.ts';
import type { Page, PageQuery } from './pageStatement.ts';

/** What to list. */
export type JobListQuery = PageQuery;

/** One page of jobs, newest first. */
export type JobPage = Page<Job>;

export async function listJobs(pool: Pool, query: JobListQuery): Promise<JobPage> {
  const { rows } = await pool.query<JobRow>(pageStatement(jobColumns, query));
  return pageOf(rows.map(jobOfRow), query.limit);
}
