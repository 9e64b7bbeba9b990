import type { JobEvent, JobEventOf } from '../src/job/jobEvent.ts';
import type { JobEventName } from '../src/job/jobEvents.ts';

export const JOB_ID = '01980000-0000-7000-8000-000000000001';
export const CREATED_AT = '2026-01-01T00:00:00.000Z';
/** The due time of the delayed jobs and of the retries in the histories of the tests. */
export const DUE_AT = '2026-01-01T01:00:00.000Z';

type Data<Name extends JobEventName> = Partial<JobEventOf<Name>['data']>;

/** Any event with plausible values; `given` numbers it. */
function happened<Name extends JobEventName>(
  event: Name,
  data: JobEventOf<Name>['data'],
  causationId?: string,
): JobEvent {
  return {
    v: 1,
    event,
    id: `event-${event}`,
    jobId: JOB_ID,
    jobType: 'email',
    version: 1,
    at: CREATED_AT,
    actor: { kind: 'worker', id: 'worker-1' },
    ...(causationId === undefined ? {} : { causationId }),
    data,
  } as JobEvent;
}

export const jobCreated = (data: Data<'JobCreated'> = {}): JobEvent =>
  happened('JobCreated', {
    payload: { to: 'user@example.com' },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 60_000 },
    timeoutMs: 30_000,
    tags: ['welcome'],
    ...data,
  });

export const jobCreatedWithPriority = (data: Data<'JobCreatedWithPriority'> = {}): JobEvent =>
  happened('JobCreatedWithPriority', { ...(jobCreated() as JobEventOf<'JobCreated'>).data, priority: 'high', ...data });

export const jobStarted = (data: Data<'JobStarted'> & { causationId?: string } = {}): JobEvent => {
  const { causationId, ...rest } = data;
  return happened('JobStarted', { attempt: 1, worker: 'worker-1', ...rest }, causationId);
};

export const jobProgressed = (data: Data<'JobProgressed'> = {}): JobEvent =>
  happened('JobProgressed', { attempt: 1, percent: 50, ...data });

/** A step that has ended well. */
export const CHARGED = { name: 'charge', result: { id: 'ch_1' }, durationMs: 8 };

export const jobStepsRecorded = (data: Data<'JobStepsRecorded'> = {}): JobEvent =>
  happened('JobStepsRecorded', { attempt: 1, from: 0, steps: [CHARGED], ...data });

export const jobSuspended = (data: Data<'JobSuspended'> = {}): JobEvent =>
  happened('JobSuspended', { attempt: 1, until: DUE_AT, ranMs: 12, ...data });

export const jobResumed = (data: Data<'JobResumed'> & { causationId?: string } = {}): JobEvent => {
  const { causationId, ...rest } = data;
  return happened('JobResumed', { attempt: 1, worker: 'worker-2', ...rest }, causationId);
};

export const jobCompleted = (data: Data<'JobCompleted'> = {}): JobEvent =>
  happened('JobCompleted', { attempt: 1, result: 'sent', durationMs: 12, ...data });

export const jobRetryScheduled = (data: Data<'JobRetryScheduled'> = {}): JobEvent =>
  happened('JobRetryScheduled', { attempt: 1, error: SMTP_DOWN, retryAt: DUE_AT, durationMs: 12, ...data });

export const jobFailed = (data: Data<'JobFailed'> = {}): JobEvent =>
  happened('JobFailed', { attempt: 1, error: SMTP_DOWN, reason: 'attempts-exhausted', durationMs: 12, ...data });

export const jobReleased = (data: Data<'JobReleased'> = {}): JobEvent =>
  happened('JobReleased', { attempt: 1, reason: 'shutdown', ...data });

export const jobCancelled = (data: Data<'JobCancelled'> = {}): JobEvent => happened('JobCancelled', data);

export const jobRequeued = (data: Data<'JobRequeued'> = {}): JobEvent => happened('JobRequeued', data);

export const jobRequeuedWithPriority = (data: Data<'JobRequeuedWithPriority'> = {}): JobEvent =>
  happened('JobRequeuedWithPriority', { priority: 'high', ...data });

export const jobPriorityChanged = (data: Data<'JobPriorityChanged'> = {}): JobEvent =>
  happened('JobPriorityChanged', { priority: 'high', ...data });

export const jobDueNow = (data: Data<'JobDueNow'> = {}): JobEvent => happened('JobDueNow', data);

export const jobRevised = (data: Data<'JobRevised'> = {}): JobEvent =>
  happened('JobRevised', { payload: { to: 'other@example.com' }, ...data });

export const jobPayloadChanged = (data: Data<'JobPayloadChanged'> = {}): JobEvent =>
  happened('JobPayloadChanged', { payload: { to: 'other@example.com' }, ...data });

export const jobSignalled = (data: Data<'JobSignalled'> = {}): JobEvent =>
  happened('JobSignalled', { name: 'approved', payload: { by: 'ann' }, ...data });

/** Of a pending job, as `jobCreated` makes it. */
export const jobCarried = (data: Data<'JobCarried'> = {}): JobEvent =>
  happened('JobCarried', {
    status: 'pending',
    payload: { to: 'user@example.com' },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 60_000 },
    timeoutMs: 30_000,
    tags: ['welcome'],
    attempt: 0,
    createdAt: CREATED_AT,
    updatedAt: CREATED_AT,
    ...data,
  });

/** Of a job that waits for its second attempt; the first has recorded a step. */
export const jobCarriedWithSteps = (data: Data<'JobCarriedWithSteps'> = {}): JobEvent =>
  happened('JobCarriedWithSteps', {
    ...(jobCarried() as JobEventOf<'JobCarried'>).data,
    status: 'retrying',
    attempt: 1,
    worker: 'worker-1',
    startedAt: CREATED_AT,
    runAt: DUE_AT,
    error: SMTP_DOWN,
    stepsRecorded: 1,
    steps: [{ ...CHARGED, attempt: 1, at: CREATED_AT }],
    ...data,
  });

/** Of a job whose first attempt has recorded a step, and waits. */
export const jobCarriedWaiting = (data: Data<'JobCarriedWaiting'> = {}): JobEvent =>
  happened('JobCarriedWaiting', {
    ...(jobCarried() as JobEventOf<'JobCarried'>).data,
    status: 'waiting',
    attempt: 1,
    worker: 'worker-1',
    startedAt: CREATED_AT,
    runAt: DUE_AT,
    ranMs: 12,
    stepsRecorded: 1,
    steps: [{ ...CHARGED, attempt: 1, at: CREATED_AT }],
    ...data,
  });

export const SMTP_DOWN = { name: 'Error', message: 'the mail server does not answer' };
