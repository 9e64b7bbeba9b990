import { isCreation, type JobEvent, type JobEventData, type JobEventName, type JobStatus } from '@jobstream/client';

/** What an event says of a job, without its payload. */
export interface JobChange {
  readonly jobId: string;
  readonly jobType: string;
  readonly event: JobEventName;
  /** Its position in the log. */
  readonly sequence: number;
  readonly version: number;
  readonly at: string;
  /** The status after the event; undefined if it says nothing of it. */
  readonly status: JobStatus | undefined;
  /** Whether the job was created by this event, or by one before it that is part of the change. */
  readonly isNew: boolean;
  /** Only of a new job. */
  readonly tags?: readonly string[];
}

type StatusAfter<Data> = JobStatus | ((data: Data, at: string) => JobStatus | undefined) | undefined;

/** The status after each event; undefined where it says nothing of it. */
const STATUSES: { readonly [Name in JobEventName]: StatusAfter<JobEventData[Name]> } = {
  JobCreated: statusOfNew,
  JobCreatedWithPriority: statusOfNew,
  JobRevised: ({ runAt }, at) => (isAfter(runAt, at) ? 'scheduled' : undefined),
  JobStarted: 'processing',
  JobProgressed: 'processing',
  JobStepsRecorded: 'processing',
  JobSuspended: 'waiting',
  JobResumed: 'processing',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobRequeuedWithPriority: 'pending',
  JobPriorityChanged: undefined,
  JobReleased: 'pending',
  JobCarried: ({ status }) => status,
  JobCarriedWithSteps: ({ status }) => status,
  JobCarriedWaiting: 'waiting',
  JobDueNow: undefined,
  JobPayloadChanged: undefined,
  JobSignalled: undefined,
};

function statusOfNew({ runAt }: { readonly runAt?: string }, at: string): JobStatus {
  return isAfter(runAt, at) ? 'scheduled' : 'pending';
}

function isAfter(runAt: string | undefined, at: string): boolean {
  return runAt !== undefined && Date.parse(runAt) > Date.parse(at);
}

/** Reduces an event to what lists need. */
export function jobChangeOf(event: JobEvent): JobChange {
  const { jobId, jobType, sequence, version, at } = event;
  const isNew = isCreation(event);
  const tags = isNew ? { tags: event.data.tags } : {};
  return { jobId, jobType, sequence, version, at, event: event.event, isNew, status: statusAfter(event), ...tags };
}

/** Adds a later change of a job: of the earlier one remains what the later says nothing about. */
export function withLater(earlier: JobChange | undefined, later: JobChange): JobChange {
  if (earlier === undefined) return later;
  return { ...earlier, ...later, isNew: earlier.isNew || later.isNew, status: later.status ?? earlier.status };
}

function statusAfter({ event, data, at }: JobEvent): JobStatus | undefined {
  const status = STATUSES[event] as StatusAfter<unknown>;
  return typeof status === 'function' ? status(data, at) : status;
}
