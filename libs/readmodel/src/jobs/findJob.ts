import type { Job } from '@jobstream/domain';
import type { Pool } from 'pg';
import { jobColumns, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';

/** A job as the read model has it; `sequence` is that of the job's last event that has been projected. */
export interface ProjectedJob {
  readonly job: Job;
  readonly sequence: number;
}

const FIND_JOB = { name: 'find_job', text: `SELECT ${jobColumns} FROM jobs WHERE id = $1` };

export async function findJob(pool: Pool, id: string): Promise<ProjectedJob | undefined> {
  const { rows } = await pool.query<JobRow>({ ...FIND_JOB, values: [id] });
  const [row] = rows;
  return row && { job: jobOfRow(row), sequence: row.last_sequence };
}
