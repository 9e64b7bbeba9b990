import type { Job, JobState } from './job.ts';
import type { JobEvent, JobEventName, JobEventOf } from './jobEvent.ts';
import type { JobStatus } from './jobStatus.ts';

/** The statuses in which each event can happen to an existing job; JobCreated alone begins one. */
export const legalFrom: Readonly<Record<Exclude<JobEventName, 'JobCreated'>, readonly JobStatus[]>> = {
  JobStarted: ['scheduled', 'pending', 'processing', 'retrying'],
  JobProgressed: ['processing'],
  JobCompleted: ['processing'],
  JobRetryScheduled: ['processing'],
  JobFailed: ['processing'],
  JobReleased: ['processing'],
  JobCancelled: ['scheduled', 'pending', 'processing', 'retrying'],
  JobRequeued: ['failed', 'cancelled'],
};

/**
 * The state after an event. Pure, total, and deaf to events that cannot follow on the state: writers that keep to the
 * protocol cannot append such an event, and one that does not keep to it must not be able to change a job's outcome.
 */
export function evolve(state: JobState, event: JobEvent): JobState {
  if (event.event === 'JobCreated') return state ?? created(event);
  if (state === undefined || !legalFrom[event.event].includes(state.status)) return state;
  if (!attemptFits(state, event)) return state;
  return { ...apply(state, event), version: state.version + 1, updatedAt: event.at };
}

/** The state after a whole history, oldest event first. */
export function fold(events: Iterable<JobEvent>): JobState {
  let state: JobState;
  for (const event of events) state = evolve(state, event);
  return state;
}

function created(event: JobEventOf<'JobCreated'>): Job {
  const { tenant } = event;
  const { runAt } = event.data;
  const delayed = runAt !== undefined && Date.parse(runAt) > Date.parse(event.at);
  return {
    ...event.data,
    id: event.jobId,
    type: event.jobType,
    status: delayed ? 'scheduled' : 'pending',
    version: 1,
    attempt: 0,
    createdAt: event.at,
    updatedAt: event.at,
    ...(tenant === undefined ? {} : { tenant }),
  };
}

/** Attempts count up by one within the job's budget, and only the running one has outcomes. */
function attemptFits(job: Job, event: JobEvent): boolean {
  if (!('attempt' in event.data)) return true;
  const { attempt } = event.data;
  if (event.event === 'JobStarted') return attempt === job.attempt + 1 && attempt <= job.maxAttempts;
  if (event.event === 'JobRetryScheduled' && attempt >= job.maxAttempts) return false;
  return attempt === job.attempt;
}

function apply(job: Job, event: Exclude<JobEvent, { event: 'JobCreated' }>): Job {
  switch (event.event) {
    case 'JobStarted':
      return started(job, event);
    case 'JobProgressed':
      return { ...job, progress: progress(event.data) };
    case 'JobCompleted':
      return completed(job, event);
    case 'JobRetryScheduled':
      return { ...job, status: 'retrying', error: event.data.error, runAt: event.data.retryAt };
    case 'JobFailed':
      return { ...job, status: 'failed', error: event.data.error, finishedAt: event.at };
    case 'JobReleased':
      return { ...job, status: 'pending', attempt: job.attempt - 1 };
    case 'JobCancelled':
      return { ...job, status: 'cancelled', finishedAt: event.at };
    case 'JobRequeued':
      return requeued(job);
  }
}

function started(job: Job, event: JobEventOf<'JobStarted'>): Job {
  const { progress: _progress, startedBy: _startedBy, ...rest } = job;
  return {
    ...rest,
    status: 'processing',
    attempt: event.data.attempt,
    worker: event.data.worker,
    startedAt: event.at,
    ...(event.causationId === undefined ? {} : { startedBy: event.causationId }),
  };
}

function progress({ percent, message }: JobEventOf<'JobProgressed'>['data']): NonNullable<Job['progress']> {
  return { ...(percent === undefined ? {} : { percent }), ...(message === undefined ? {} : { message }) };
}

function completed(job: Job, event: JobEventOf<'JobCompleted'>): Job {
  const { error: _error, ...rest } = job;
  const result = 'result' in event.data ? { result: event.data.result } : {};
  return { ...rest, status: 'completed', finishedAt: event.at, ...result };
}

/** A requeued job starts afresh: its budget of attempts is renewed and what became of the earlier life is history. */
function requeued(job: Job): Job {
  const { error: _error, progress: _progress, finishedAt: _finishedAt, runAt: _runAt, ...kept } = job;
  const { worker: _worker, startedAt: _startedAt, startedBy: _startedBy, ...rest } = kept;
  return { ...rest, status: 'pending', attempt: 0 };
}
