import { describe, expect, test } from 'vitest';
import { evolve, fold } from './evolve.ts';
import type { JobState } from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import { carriesJob } from './jobEventNames.ts';
import type { JobEventName } from './jobEvents.ts';
import { numbered } from '../../testing/given.ts';
import { historyOf, type Situation } from '../../testing/historyOf.ts';
import {
  CREATED_AT,
  DUE_AT,
  JOB_ID,
  SMTP_DOWN,
  jobCancelled,
  jobCarried,
  jobCarriedWaiting,
  jobCarriedWithSteps,
  jobCompleted,
  jobCreated,
  jobDueNow,
  jobFailed,
  jobPayloadChanged,
  jobProgressed,
  jobReleased,
  jobRequeued,
  jobResumed,
  jobRetryScheduled,
  jobRevised,
  jobStarted,
  jobStepsRecorded,
  jobSuspended,
} from '../../testing/jobEvents.ts';

const LATER = '2026-01-01T03:00:00.000Z';
const after = (...events: Parameters<typeof numbered>[0]) => fold(numbered(events));
/** The job after an event of the version that is next. */
const afterNext = (job: JobState, event: JobEvent) => evolve(job, { ...event, version: (job?.version ?? 0) + 1 });

test('a created job holds what its event says', () => {
  expect(after(jobCreated())).toStrictEqual({
    id: JOB_ID,
    type: 'email',
    status: 'pending',
    version: 1,
    payload: { to: 'user@example.com' },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 60_000 },
    timeoutMs: 30_000,
    tags: ['welcome'],
    attempt: 0,
    createdAt: CREATED_AT,
    updatedAt: CREATED_AT,
  });
});

test('a job created for later is scheduled, one created for a time that has come is pending', () => {
  expect(after(jobCreated({ runAt: DUE_AT }))).toMatchObject({ status: 'scheduled', runAt: DUE_AT });
  expect(after(jobCreated({ runAt: CREATED_AT }))).toMatchObject({ status: 'pending', runAt: CREATED_AT });
});

test('a started job knows its worker and what started it', () => {
  const started = { ...jobStarted({ causationId: 'event-1' }), at: LATER };
  expect(after(jobCreated(), started)).toMatchObject({
    status: 'processing',
    attempt: 1,
    worker: 'worker-1',
    startedAt: LATER,
    startedBy: 'event-1',
    updatedAt: LATER,
    version: 2,
  });
});

test('a job knows the release of the program that ran its last attempt', () => {
  const versions = ['1.0.0', undefined, '1.1.0'].map((workerVersion, index) =>
    jobStarted({ attempt: index + 1, ...(workerVersion === undefined ? {} : { workerVersion }) }),
  );
  const jobs = [1, 2, 3].map((starts) => after(jobCreated(), ...versions.slice(0, starts)));
  expect(jobs.map((job) => job?.workerVersion)).toEqual(['1.0.0', undefined, '1.1.0']);
  expect(jobs[1]).not.toHaveProperty('workerVersion');
});

test('an attempt starts without the progress and the cause of the one before, but keeps its error', () => {
  const job = after(
    jobCreated(),
    jobStarted({ causationId: 'event-1' }),
    jobProgressed(),
    jobRetryScheduled(),
    jobStarted({ attempt: 2 }),
  );
  expect(job).not.toHaveProperty('progress');
  expect(job).not.toHaveProperty('startedBy');
  expect(job).toHaveProperty('error', SMTP_DOWN);
});

test('new progress replaces the old one as a whole', () => {
  const job = after(...historyOf('processing'), jobProgressed({ percent: 10, message: 'begun' }), jobProgressed());
  expect(job).toHaveProperty('progress', { percent: 50 });
});

test('a completed job has its result and no error of earlier attempts', () => {
  const job = after(...historyOf('retrying'), jobStarted({ attempt: 2 }), {
    ...jobCompleted({ attempt: 2 }),
    at: LATER,
  });
  expect(job).toMatchObject({ status: 'completed', attempt: 2, result: 'sent', finishedAt: LATER });
  expect(job).not.toHaveProperty('error');
});

test('a retrying job waits for its due time with the error that made it wait', () => {
  expect(after(...historyOf('retrying'))).toMatchObject({ runAt: DUE_AT, error: SMTP_DOWN, attempt: 1 });
});

test('a released attempt is not counted', () => {
  expect(after(...historyOf('processing'), jobReleased())).toMatchObject({ status: 'pending', attempt: 0 });
});

const begun = jobStarted({ causationId: 'event-1', workerVersion: '1.0.0' });

test.each([
  ['failed', [jobCreated({ runAt: CREATED_AT }), begun, jobProgressed(), jobFailed()]],
  ['cancelled', [jobCreated(), begun, jobProgressed(), jobCancelled()]],
])('a requeued %s job is like a new one but for its version', (_status, history) => {
  const { createdAt, ...fresh } = after(jobCreated()) ?? {};
  const requeued = after(...history, { ...jobRequeued(), at: LATER });
  expect(requeued).toStrictEqual({ ...fresh, createdAt, version: 5, updatedAt: LATER });
});

test('a carried job is unchanged but for its version', () => {
  const before = after(...historyOf('processing'));
  const carried = { ...jobCarried({ status: 'processing', attempt: 1 }), at: LATER };
  expect(after(...historyOf('processing'), carried)).toStrictEqual({ ...before, version: 3 });
});

test('of a carried job whose earlier events are missing, what its creation set is as that says', () => {
  const origin = { tags: ['welcome'], idempotencyKey: 'hash-1', fingerprint: 'hash-2' };
  const job = after({ ...jobCreated(origin), tenant: 'acme' });
  const carried = { ...jobCarried({ tags: ['carried'], idempotencyKey: 'hash-3', attempt: 2 }), tenant: 'globex' };
  expect(evolve(job, { ...carried, version: 5 })).toMatchObject({ ...origin, tenant: 'acme', version: 5, attempt: 2 });
});

test.each(['scheduled', 'retrying'] as const)(
  'a %s job that is due now keeps its status, and only its time is another',
  (status) => {
    const job = after(...historyOf(status));
    const due = after(...historyOf(status), { ...jobDueNow({ reason: 'now' }), at: LATER });
    expect(due).toStrictEqual({ ...job, runAt: LATER, version: (job?.version ?? 0) + 1, updatedAt: LATER });
  },
);

test('a changed payload is that of all later attempts', () => {
  const changed = after(...historyOf('failed'), jobPayloadChanged({ payload: [1] }));
  expect(changed).toMatchObject({ status: 'failed', payload: [1] });
  expect(after(...historyOf('failed'), jobPayloadChanged({ payload: [1] }), jobRequeued())).toMatchObject({
    payload: [1],
  });
});

test('a revised job has another payload or due time, and is scheduled again if it was postponed', () => {
  const pending = after(jobCreated(), jobRevised({ payload: [1], reason: 'once more' }));
  expect(pending).toStrictEqual({ ...after(jobCreated()), payload: [1], version: 2 });
  const postponed = after(jobCreated(), jobRevised({ runAt: DUE_AT, delayMs: 1 }));
  expect(postponed).toMatchObject({ status: 'scheduled', runAt: DUE_AT });
  expect(postponed).not.toHaveProperty('delayMs');
  const delayed = jobCreated({ runAt: DUE_AT });
  expect(after(delayed, jobRevised())).toMatchObject({ status: 'scheduled', runAt: DUE_AT });
  expect(after(delayed, jobRevised({ runAt: CREATED_AT }))).toMatchObject({ status: 'scheduled', runAt: CREATED_AT });
});

const released = (attempt: number) => [jobStarted({ attempt }), jobReleased({ attempt })];

test('a job is revised before its first attempt only', () => {
  const before = after(jobCreated(), ...released(1));
  expect(afterNext(before, jobRevised({ payload: [1] }))).toMatchObject({ payload: [1] });
  const since = after(...historyOf('retrying'), ...released(2));
  expect(since).toMatchObject({ status: 'pending', attempt: 1 });
  expect(afterNext(since, jobRevised({ payload: [1] }))).toBe(since);
});

test('a job knows which one it repeats', () => {
  const job = after(jobCreated());
  expect(after(jobCreated({ rerunOf: JOB_ID, reason: 'once more' }))).toStrictEqual({ ...job, rerunOf: JOB_ID });
});

describe('events that cannot follow on the state leave it as it is', () => {
  const carriedInEachStatus = (
    ['scheduled', 'pending', 'processing', 'retrying', 'failed', 'cancelled'] as const
  ).flatMap((status) => [0, 1].map((attempt) => jobCarried({ status, attempt })));
  const anyEvents = [
    jobCreated({ tags: ['second'] }),
    jobStarted(),
    jobStarted({ attempt: 2 }),
    jobProgressed(),
    jobStepsRecorded(),
    jobSuspended(),
    jobResumed(),
    jobCompleted(),
    jobRetryScheduled(),
    jobFailed(),
    jobCancelled(),
    jobRequeued(),
    jobDueNow(),
    jobPayloadChanged(),
    jobRevised(),
    jobReleased(),
    ...carriedInEachStatus,
    jobCarriedWaiting(),
  ];

  test('nothing but a creation or a JobCarried begins a job', () => {
    const others = anyEvents.slice(1).filter(({ event }) => !carriesJob(event));
    expect(others.map((event) => afterNext(undefined, event))).toEqual(others.map(() => undefined));
  });

  const fittingOn: Record<Exclude<Situation, 'no job'>, readonly JobEventName[]> = {
    scheduled: ['JobStarted', 'JobCancelled', 'JobDueNow', 'JobRevised', 'JobCarried'],
    pending: ['JobStarted', 'JobCancelled', 'JobRevised', 'JobCarried'],
    processing: [
      'JobStarted',
      'JobProgressed',
      'JobStepsRecorded',
      'JobSuspended',
      'JobCompleted',
      'JobRetryScheduled',
      'JobFailed',
      'JobCancelled',
      'JobReleased',
      'JobCarried',
    ],
    waiting: ['JobResumed', 'JobCancelled', 'JobCarriedWaiting'],
    retrying: ['JobStarted', 'JobCancelled', 'JobDueNow', 'JobCarried'],
    completed: [],
    failed: ['JobPayloadChanged', 'JobRequeued', 'JobCarried'],
    cancelled: ['JobPayloadChanged', 'JobRequeued', 'JobCarried'],
  };

  test.each(Object.entries(fittingOn))('on a %s job nothing happens but %j', (status, fitting) => {
    const job = after(...historyOf(status as Situation));
    const moving = anyEvents.filter((event) => afterNext(job, event) !== job).map((event) => event.event);
    expect([...new Set(moving)].toSorted()).toEqual(fitting.toSorted());
  });

  test.each([jobProgressed, jobStepsRecorded, jobSuspended, jobCompleted, jobRetryScheduled, jobFailed, jobReleased])(
    'an outcome of another attempt than the running one: %o',
    (happened) => {
      const job = after(...historyOf('processing'), jobStarted({ attempt: 2 }));
      expect(afterNext(job, happened({ attempt: 1 }))).toBe(job);
      expect(afterNext(job, happened({ attempt: 3 }))).toBe(job);
      expect(afterNext(job, happened({ attempt: 2 }))).not.toBe(job);
    },
  );

  test('steps that were recorded before, or of which some before them are missing', () => {
    const job = after(...historyOf('processing'), jobStepsRecorded());
    expect(afterNext(job, jobStepsRecorded())).toBe(job);
    expect(afterNext(job, jobStepsRecorded({ from: 2 }))).toBe(job);
    expect(afterNext(job, jobStepsRecorded({ from: 1 }))).toMatchObject({ stepsRecorded: 2 });
  });

  test('a carried state with other steps than the job has', () => {
    const job = after(jobCreated(), jobStarted(), jobStepsRecorded(), jobRetryScheduled());
    expect(afterNext(job, jobCarriedWithSteps({ stepsRecorded: 2 }))).toBe(job);
    expect(afterNext(job, jobCarriedWithSteps())).toMatchObject({ version: 5, stepsRecorded: 1 });
  });

  test('a start that repeats an attempt, skips one, or is beyond the budget', () => {
    const job = after(jobCreated({ maxAttempts: 2 }), jobStarted());
    expect(afterNext(job, jobStarted({ attempt: 1 }))).toBe(job);
    expect(afterNext(job, jobStarted({ attempt: 3 }))).toBe(job);
    const last = afterNext(job, jobStarted({ attempt: 2 }));
    expect(last).toMatchObject({ attempt: 2 });
    expect(afterNext(last, jobStarted({ attempt: 3 }))).toBe(last);
  });

  test('a copy of a JobCarried that a stranger stored, but a later one counts where events between are missing', () => {
    const job = after(...historyOf('pending'));
    const carried = { ...jobCarried({ tags: ['carried'] }), version: 2 };
    const carriedJob = evolve(job, carried);
    expect(carriedJob).toMatchObject({ version: 2, tags: ['welcome'] });
    expect(evolve(carriedJob, carried)).toBe(carriedJob);
    const running = { status: 'processing', attempt: 2 } as const;
    const behindGap = evolve(job, { ...jobCarried({ ...running, tags: ['carried'], payload: 'changed' }), version: 5 });
    expect(behindGap).toMatchObject({ version: 5, ...running, payload: 'changed', tags: ['welcome'] });
    expect(evolve(job, { ...carried, version: 5, jobType: 'other' })).toBe(job);
  });

  test('a carried state that differs from the job', () => {
    const job = after(...historyOf('processing'));
    expect(afterNext(job, jobCarried({ status: 'pending', attempt: 1 }))).toBe(job);
    expect(afterNext(job, jobCarried({ status: 'processing', attempt: 2 }))).toBe(job);
  });

  test.each([
    { status: 'completed' as const },
    { attempt: 4 },
    { attempt: -1 },
    { status: 'pending' as const, attempt: 3 },
  ])('a JobCarried that begins with a state that no job has: %o', (data) =>
    expect(evolve(undefined, jobCarried(data))).toBeUndefined(),
  );

  test('a retry after the last attempt', () => {
    const job = after(jobCreated({ maxAttempts: 1 }), jobStarted());
    expect(afterNext(job, jobRetryScheduled())).toBe(job);
  });

  test.each([
    ['an earlier version', { version: 1 }],
    ['the version that it has', { version: 2 }],
    ['a version after the next', { version: 4 }],
    ['another job', { version: 3, jobId: crypto.randomUUID() }],
    ['another type', { version: 3, jobType: 'other' }],
  ])('an event of %s', (_name, fields) => {
    const job = after(...historyOf('processing'));
    expect(job).toMatchObject({ version: 2 });
    expect(evolve(job, { ...jobCompleted(), version: 3 })).toMatchObject({ status: 'completed' });
    expect(evolve(job, { ...jobCompleted(), ...fields })).toBe(job);
  });

  test('a creation that is not the first event', () => {
    expect(evolve(undefined, { ...jobCreated(), version: 2 })).toBeUndefined();
  });
});
