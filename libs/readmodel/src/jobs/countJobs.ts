import type { JobStatus } from '@jobstream/domain';
import type { Pool } from 'pg';

export interface JobCount {
  readonly type: string;
  readonly status: JobStatus;
  readonly count: number;
}

const COUNT_JOBS = {
  name: 'count_jobs',
  text: 'SELECT type, status, count FROM job_counts WHERE count <> 0 ORDER BY type, status',
};

export async function countJobs(pool: Pool): Promise<readonly JobCount[]> {
  const { rows } = await pool.query<JobCount>(COUNT_JOBS);
  return rows;
}
