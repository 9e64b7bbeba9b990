import type { JobEvent, JobEventName, JobStatus } from '@jobstream/client';

/** What an event says of a job, without its payload. */
export interface JobChange {
  readonly jobId: string;
  readonly jobType: string;
  readonly event: JobEventName;
  readonly version: number;
  readonly at: string;
  /** The status after the event; undefined if it says nothing of it. */
  readonly status: JobStatus | undefined;
  /** Only of a new job. */
  readonly tags?: readonly string[];
}

const STATUSES: Readonly<Partial<Record<JobEventName, JobStatus>>> = {
  JobStarted: 'processing',
  JobProgressed: 'processing',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobReleased: 'pending',
};

/** Reduces an event to what lists need. */
export function jobChangeOf(event: JobEvent): JobChange {
  const { jobId, jobType, version, at } = event;
  const tags = event.event === 'JobCreated' ? { tags: event.data.tags } : {};
  return { jobId, jobType, version, at, event: event.event, status: statusAfter(event), ...tags };
}

function statusAfter(event: JobEvent): JobStatus | undefined {
  if (event.event === 'JobCarried') return event.data.status;
  if (event.event !== 'JobCreated') return STATUSES[event.event];
  const { runAt } = event.data;
  return runAt !== undefined && Date.parse(runAt) > Date.parse(event.at) ? 'scheduled' : 'pending';
}
