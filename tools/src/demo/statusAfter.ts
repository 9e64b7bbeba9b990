import type { JobEventName, JobStatus } from '@jobstream/client';

/** The status of the job after each event; undefined: `scheduled` or `pending` after JobCreated, unchanged after JobProgressed. */
export const statusAfter: Readonly<Record<JobEventName, JobStatus | undefined>> = {
  JobCreated: undefined,
  JobStarted: 'processing',
  JobProgressed: undefined,
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobReleased: 'pending',
};
