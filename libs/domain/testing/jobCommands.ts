import type { JobCommand, JobCommandName, JobCommandOf } from '../src/job/jobCommand.ts';
import { CHARGED, JOB_ID, SMTP_DOWN } from './jobEvents.ts';

/** When the commands of the tests are given, unless they say otherwise: delayed jobs and retries are due by then. */
export const NOW = '2026-01-01T02:00:00.000Z';
/** Before anything that waits is due. */
export const TOO_EARLY = '2026-01-01T00:59:59.999Z';

type Fields<Name extends JobCommandName> = Partial<JobCommandOf<Name>>;

const context = { eventId: 'event-new', at: NOW, actor: { kind: 'api', id: 'client-1' } } as const;

export const createJob = (fields: Fields<'CreateJob'> = {}): JobCommand => ({
  ...context,
  kind: 'CreateJob',
  jobId: JOB_ID,
  jobType: 'email',
  payload: { to: 'user@example.com' },
  maxAttempts: 3,
  backoff: { type: 'fixed', delayMs: 60_000 },
  timeoutMs: 30_000,
  tags: ['welcome'],
  ...fields,
});

export const startAttempt = (fields: Fields<'StartAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'StartAttempt',
  worker: 'worker-1',
  ...fields,
});

export const takeOverAttempt = (fields: Fields<'TakeOverAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'TakeOverAttempt',
  attempt: 1,
  worker: 'worker-2',
  ...fields,
});

export const reportProgress = (fields: Fields<'ReportProgress'> = {}): JobCommand => ({
  ...context,
  kind: 'ReportProgress',
  attempt: 1,
  percent: 50,
  ...fields,
});

export const recordSteps = (fields: Fields<'RecordSteps'> = {}): JobCommand => ({
  ...context,
  kind: 'RecordSteps',
  attempt: 1,
  steps: [CHARGED],
  ...fields,
});

export const suspendAttempt = (fields: Fields<'SuspendAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'SuspendAttempt',
  attempt: 1,
  until: '2026-01-04T02:00:00.000Z',
  ranMs: 12,
  ...fields,
});

export const resumeAttempt = (fields: Fields<'ResumeAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'ResumeAttempt',
  worker: 'worker-2',
  ...fields,
});

export const completeAttempt = (fields: Fields<'CompleteAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'CompleteAttempt',
  attempt: 1,
  result: 'sent',
  durationMs: 12,
  ...fields,
});

export const failAttempt = (fields: Fields<'FailAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'FailAttempt',
  attempt: 1,
  error: SMTP_DOWN,
  cause: 'error',
  random: 0,
  durationMs: 12,
  ...fields,
});

export const releaseAttempt = (fields: Fields<'ReleaseAttempt'> = {}): JobCommand => ({
  ...context,
  kind: 'ReleaseAttempt',
  attempt: 1,
  reason: 'shutdown',
  ...fields,
});

export const cancelJob = (fields: Fields<'CancelJob'> = {}): JobCommand => ({
  ...context,
  kind: 'CancelJob',
  ...fields,
});

export const requeueJob = (fields: Fields<'RequeueJob'> = {}): JobCommand => ({
  ...context,
  kind: 'RequeueJob',
  ...fields,
});

export const runJobNow = (fields: Fields<'RunJobNow'> = {}): JobCommand => ({
  ...context,
  kind: 'RunJobNow',
  ...fields,
});

export const changePayload = (fields: Fields<'ChangePayload'> = {}): JobCommand => ({
  ...context,
  kind: 'ChangePayload',
  payload: { to: 'other@example.com' },
  ...fields,
});

export const changePriority = (fields: Partial<Fields<'ChangePriority'>> = {}): JobCommand => ({
  ...context,
  kind: 'ChangePriority',
  priority: 'high',
  ...fields,
});

export const reviseJob = (fields: Partial<Fields<'ReviseJob'>> = {}): JobCommand => ({
  ...context,
  kind: 'ReviseJob',
  payload: { to: 'other@example.com' },
  ...fields,
});

export const signalJob = (fields: Partial<Fields<'SignalJob'>> = {}): JobCommand => ({
  ...context,
  kind: 'SignalJob',
  name: 'approved',
  payload: { by: 'ann' },
  ...fields,
});

export const carryJob = (fields: Fields<'CarryJob'> = {}): JobCommand => ({
  ...context,
  kind: 'CarryJob',
  keepsCause: true,
  steps: [],
  ...fields,
});
