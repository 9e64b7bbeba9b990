import { Schema } from 'effect';

/** Where a job stands; see docs/job-lifecycle.md. */
export const JobStatus = Schema.Literals([
  'scheduled',
  'pending',
  'processing',
  'retrying',
  'completed',
  'failed',
  'cancelled',
]);
export type JobStatus = typeof JobStatus.Type;

/** Whether the job has ended: only a requeue can move it on. */
export function isTerminal(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
