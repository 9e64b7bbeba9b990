import type { JobEventName, JobStatus } from '@jobstream/client';

/** What each event makes of the job; an event that is not here leaves its status alone. */
export const statusAfter: Readonly<Partial<Record<JobEventName, JobStatus>>> = {
  JobStarted: 'processing',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobReleased: 'pending',
};
