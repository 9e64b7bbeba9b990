import type { JobStatus } from '@jobstream/domain';
import type { Pool } from 'pg';

export interface JobCount {
  readonly type: string;
  readonly status: JobStatus;
  readonly count: number;
}

const COUNT_JOBS = {
  name: 'count_jobs',
  text: `SELECT type, status, sum(count)::bigint AS count FROM job_counts WHERE $1::text IS NULL OR tenant = $1
    GROUP BY type, status HAVING sum(count) <> 0 ORDER BY type, status`,
};

export async function countJobs(pool: Pool, tenant?: string): Promise<readonly JobCount[]> {
  const { rows } = await pool.query<JobCount>({ ...COUNT_JOBS, values: [tenant ?? null] });
  return rows;
}
