import { describe, expect, test } from 'vitest';
import { isTerminal, type JobStatus } from './job.ts';
import type { JobCommand } from './jobCommand.ts';
import type { JobEvent } from './jobEvent.ts';
import type { Rejection } from '../messages/commandContext.ts';
import { given, thenHappens, thenRefused } from '../../testing/given.ts';
import { historyOf, situations, type Situation } from '../../testing/historyOf.ts';
import {
  NOW,
  TOO_EARLY,
  cancelJob,
  carryJob,
  changePayload,
  changePriority,
  completeAttempt,
  createJob,
  failAttempt,
  recordSteps,
  releaseAttempt,
  reportProgress,
  requeueJob,
  resumeAttempt,
  reviseJob,
  runJobNow,
  startAttempt,
  suspendAttempt,
  takeOverAttempt,
} from '../../testing/jobCommands.ts';
import {
  CHARGED,
  CREATED_AT,
  DUE_AT,
  SMTP_DOWN,
  jobCancelled,
  jobCarried,
  jobCarriedWaiting,
  jobCarriedWithSteps,
  jobCompleted,
  jobCreated,
  jobCreatedWithPriority,
  jobDueNow,
  jobFailed,
  jobPayloadChanged,
  jobPriorityChanged,
  jobProgressed,
  jobReleased,
  jobRequeued,
  jobRequeuedWithPriority,
  jobResumed,
  jobRetryScheduled,
  jobRevised,
  jobStarted,
  jobStepsRecorded,
  jobSuspended,
} from '../../testing/jobEvents.ts';

const SENT = { name: 'send', key: 'a@example.com', durationMs: 3 };
const specified = new Set<string>();

/** One line of the specification: on such a job the command makes this event and leaves it in this status. */
function makes(situation: Situation, command: JobCommand, event: JobEvent, status: JobStatus): void {
  specified.add(`${command.kind} | ${situation}`);
  test(`${named(situation)} it makes ${event.event}, and the job is ${status}`, () => {
    expect(given(...historyOf(situation)).when(command)).toEqual(thenHappens(event, { status }));
  });
}

function refuses(situation: Situation, command: JobCommand, code: Rejection['kind']): void {
  specified.add(`${command.kind} | ${situation}`);
  test(`${named(situation)} it is refused: ${code}`, () => {
    expect(given(...historyOf(situation)).when(command)).toEqual(thenRefused(code));
  });
}

function refusesAll(among: readonly Situation[], command: JobCommand, code: Rejection['kind']): void {
  for (const situation of among) refuses(situation, command, code);
}

const named = (situation: Situation) => (situation === 'no job' ? 'without a job' : `on a ${situation} job`);
const existing = situations.filter((situation): situation is JobStatus => situation !== 'no job');
const notRunning = existing.filter((status) => status !== 'processing');

describe('CreateJob', () => {
  makes('no job', createJob(), jobCreated(), 'pending');
  makes(
    'no job',
    createJob({ runAt: '2026-01-01T02:00:00.001Z' }),
    jobCreated({ runAt: '2026-01-01T02:00:00.001Z' }),
    'scheduled',
  );
  makes('no job', createJob({ runAt: NOW }), jobCreated({ runAt: NOW }), 'pending');
  makes('no job', createJob({ priority: 'normal' }), jobCreated(), 'pending');
  makes('no job', createJob({ priority: 'low' }), jobCreatedWithPriority({ priority: 'low' }), 'pending');
  refusesAll(existing, createJob(), 'already-exists');
});

describe('StartAttempt', () => {
  refuses('no job', startAttempt(), 'not-found');
  refuses('scheduled', startAttempt({ at: TOO_EARLY }), 'not-due');
  makes('scheduled', startAttempt({ at: DUE_AT }), jobStarted({ attempt: 1 }), 'processing');
  makes('pending', startAttempt(), jobStarted({ attempt: 1 }), 'processing');
  refuses('processing', startAttempt(), 'illegal-transition');
  refuses('retrying', startAttempt({ at: TOO_EARLY }), 'not-due');
  makes('retrying', startAttempt({ at: DUE_AT }), jobStarted({ attempt: 2 }), 'processing');
  refusesAll(['waiting', 'completed', 'failed', 'cancelled'], startAttempt(), 'illegal-transition');
});

describe('TakeOverAttempt', () => {
  refuses('no job', takeOverAttempt(), 'not-found');
  makes('processing', takeOverAttempt(), jobStarted({ attempt: 2, worker: 'worker-2' }), 'processing');
  refuses('processing', takeOverAttempt({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, takeOverAttempt(), 'illegal-transition');
});

describe('ReportProgress', () => {
  refuses('no job', reportProgress(), 'not-found');
  makes('processing', reportProgress(), jobProgressed({ percent: 50 }), 'processing');
  refuses('processing', reportProgress({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, reportProgress(), 'illegal-transition');
});

describe('RecordSteps', () => {
  refuses('no job', recordSteps(), 'not-found');
  makes('processing', recordSteps(), jobStepsRecorded(), 'processing');
  refuses('processing', recordSteps({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, recordSteps(), 'illegal-transition');

  test('the steps before are counted', () => {
    const again = given(...historyOf('processing'), jobStepsRecorded({ steps: [CHARGED, SENT] })).when(recordSteps());
    expect(again).toEqual(thenHappens(jobStepsRecorded({ from: 2 }), { stepsRecorded: 3 }));
  });
});

describe('SuspendAttempt', () => {
  refuses('no job', suspendAttempt(), 'not-found');
  const waiting = { until: '2026-01-04T02:00:00.000Z', ranMs: 12 };
  makes('processing', suspendAttempt(), jobSuspended(waiting), 'waiting');
  refuses('processing', suspendAttempt({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, suspendAttempt(), 'illegal-transition');
});

describe('ResumeAttempt', () => {
  refuses('no job', resumeAttempt(), 'not-found');
  makes('waiting', resumeAttempt({ at: DUE_AT }), jobResumed(), 'processing');
  refuses('waiting', resumeAttempt({ at: TOO_EARLY }), 'not-due');
  refusesAll(
    existing.filter((status) => status !== 'waiting'),
    resumeAttempt(),
    'illegal-transition',
  );

  test('the attempt goes on under its number, and what it has run counts', () => {
    const waiting = given(...historyOf('waiting'));
    const outcome = waiting.when(resumeAttempt({ at: DUE_AT, workerVersion: '2' }));
    const run = { worker: 'worker-2', workerVersion: '2', startedAt: DUE_AT };
    expect(outcome).toMatchObject({ job: { attempt: 1, ranMs: 12, stepsRecorded: 1, ...run } });
  });

  test('the next attempt begins with all its time', () => {
    const again = given(...historyOf('waiting'), jobResumed(), jobRetryScheduled()).when(startAttempt());
    expect(again).toMatchObject({ event: 'JobStarted', job: { attempt: 2 } });
    expect(again).not.toHaveProperty('job.ranMs');
  });

  test('the last attempt may wait', () => {
    const last = [jobCreated({ maxAttempts: 1 }), jobStarted(), jobStepsRecorded(), jobSuspended()];
    expect(given(...last).when(resumeAttempt())).toMatchObject({ event: 'JobResumed', job: { attempt: 1 } });
  });
});

describe('CompleteAttempt', () => {
  refuses('no job', completeAttempt(), 'not-found');
  makes('processing', completeAttempt(), jobCompleted(), 'completed');
  refuses('processing', completeAttempt({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, completeAttempt(), 'illegal-transition');
});

describe('FailAttempt', () => {
  refuses('no job', failAttempt(), 'not-found');
  makes('processing', failAttempt(), jobRetryScheduled({ retryAt: '2026-01-01T02:01:00.000Z' }), 'retrying');
  makes('processing', failAttempt({ cause: 'unrecoverable' }), jobFailed({ reason: 'unrecoverable' }), 'failed');
  makes('processing', failAttempt({ cause: 'invalid-payload' }), jobFailed({ reason: 'invalid-payload' }), 'failed');
  refuses('processing', failAttempt({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, failAttempt(), 'illegal-transition');
});

describe('ReleaseAttempt', () => {
  refuses('no job', releaseAttempt(), 'not-found');
  makes('processing', releaseAttempt(), jobReleased(), 'pending');
  refuses('processing', releaseAttempt({ attempt: 2 }), 'overtaken');
  refusesAll(notRunning, releaseAttempt(), 'illegal-transition');
});

describe('CancelJob', () => {
  refuses('no job', cancelJob(), 'not-found');
  for (const status of existing.filter((one) => !isTerminal(one)))
    makes(status, cancelJob(), jobCancelled(), 'cancelled');
  refuses('cancelled', cancelJob(), 'already-cancelled');
  refusesAll(['completed', 'failed'], cancelJob(), 'illegal-transition');
});

describe('RequeueJob', () => {
  refuses('no job', requeueJob(), 'not-found');
  makes('failed', requeueJob(), jobRequeued(), 'pending');
  makes('cancelled', requeueJob(), jobRequeued(), 'pending');
  refusesAll(
    ['scheduled', 'pending', 'processing', 'waiting', 'retrying', 'completed'],
    requeueJob(),
    'illegal-transition',
  );
});

describe('RunJobNow', () => {
  refuses('no job', runJobNow(), 'not-found');
  makes('scheduled', runJobNow({ reason: 'now' }), jobDueNow({ reason: 'now' }), 'scheduled');
  makes('retrying', runJobNow(), jobDueNow(), 'retrying');
  refusesAll(
    ['pending', 'processing', 'waiting', 'completed', 'failed', 'cancelled'],
    runJobNow(),
    'illegal-transition',
  );

  test.each(['scheduled', 'retrying'] as const)('a %s job may start at once, before it was due', (status) => {
    const due = { ...jobDueNow(), at: TOO_EARLY };
    expect(given(...historyOf(status)).when(startAttempt({ at: TOO_EARLY }))).toEqual(thenRefused('not-due'));
    expect(given(...historyOf(status), due).when(startAttempt({ at: TOO_EARLY }))).toMatchObject({
      event: 'JobStarted',
    });
  });
});

describe('ReviseJob', () => {
  const later = { runAt: '2026-01-01T02:00:00.001Z', delayMs: 1 };
  refuses('no job', reviseJob(), 'not-found');
  makes('scheduled', reviseJob(), jobRevised(), 'scheduled');
  makes('pending', reviseJob(), jobRevised(), 'pending');
  makes('pending', reviseJob(later), jobRevised(later), 'scheduled');
  refusesAll(
    ['processing', 'waiting', 'retrying', 'completed', 'failed', 'cancelled'],
    reviseJob(),
    'illegal-transition',
  );

  test.each([
    ['released', [jobReleased()]],
    ['requeued', [jobCancelled(), jobRequeued()]],
  ])('a job that was %s keeps its steps, and with them its payload', (_how, events) => {
    const again = given(jobCreated(), jobStarted(), jobStepsRecorded(), ...events);
    expect(again.when(reviseJob())).toEqual(thenRefused('illegal-transition'));
  });
});

test('a job that is put back to work keeps its priority', () => {
  const ended = given(jobCreatedWithPriority({ priority: 'low' }), jobCancelled());
  expect(ended.when(requeueJob())).toEqual(
    thenHappens(jobRequeuedWithPriority({ priority: 'low' }), { status: 'pending', priority: 'low' }),
  );
});

describe('ChangePriority', () => {
  refuses('no job', changePriority(), 'not-found');
  for (const status of ['scheduled', 'pending', 'retrying'] as const) {
    makes(status, changePriority({ reason: 'late' }), jobPriorityChanged({ reason: 'late' }), status);
    refuses(status, changePriority({ priority: 'normal' }), 'unchanged');
  }
  refusesAll(['processing', 'waiting', 'completed', 'failed', 'cancelled'], changePriority(), 'illegal-transition');

  test('a normal one takes the other away', () => {
    const outcome = given(jobCreatedWithPriority({ priority: 'low' })).when(changePriority({ priority: 'normal' }));
    expect(outcome).toMatchObject({ event: 'JobPriorityChanged', job: { status: 'pending', version: 2 } });
    expect(outcome).not.toHaveProperty('job.priority');
  });
});

describe('ChangePayload', () => {
  refuses('no job', changePayload(), 'not-found');
  makes('failed', changePayload({ reason: 'typo' }), jobPayloadChanged({ reason: 'typo' }), 'failed');
  makes('cancelled', changePayload(), jobPayloadChanged(), 'cancelled');
  refusesAll(
    ['scheduled', 'pending', 'processing', 'waiting', 'retrying', 'completed'],
    changePayload(),
    'illegal-transition',
  );

  test('it drops the steps and begins a new generation, unless they are kept', () => {
    const ended = given(jobCreated(), jobStarted(), jobStepsRecorded(), jobFailed());
    const dropped = ended.when(changePayload());
    expect(dropped).toMatchObject({ job: { generation: 1 } });
    expect(dropped).not.toHaveProperty('job.stepsRecorded');
    const kept = ended.when(changePayload({ keepSteps: true }));
    expect(kept).toMatchObject({ data: { keepSteps: true }, job: { stepsRecorded: 1 } });
    expect(kept).not.toHaveProperty('job.generation');
  });
});

describe('CarryJob', () => {
  refuses('no job', carryJob(), 'not-found');
  const startedAt = CREATED_AT;
  const running = { attempt: 1, worker: 'worker-1', startedAt } as const;
  const carriedAs: Readonly<Partial<Record<JobStatus, Parameters<typeof jobCarried>[0]>>> = {
    scheduled: { runAt: DUE_AT },
    pending: {},
    processing: running,
    retrying: { ...running, runAt: DUE_AT, error: SMTP_DOWN },
    failed: { ...running, error: SMTP_DOWN, finishedAt: CREATED_AT },
    cancelled: { finishedAt: CREATED_AT },
  };
  for (const status of existing)
    if (status !== 'completed' && status !== 'waiting')
      makes(status, carryJob(), jobCarried({ status, ...carriedAs[status] }), status);
  const steps = [{ ...CHARGED, attempt: 1, at: CREATED_AT }];
  makes('waiting', carryJob({ steps }), jobCarriedWaiting(), 'waiting');
  refuses('completed', carryJob(), 'illegal-transition');

  test('a job with steps is carried with them', () => {
    const outcome = given(jobCreated(), jobStarted(), jobStepsRecorded(), jobRetryScheduled()).when(
      carryJob({ steps }),
    );
    expect(outcome).toEqual(thenHappens(jobCarriedWithSteps({ steps }), { status: 'retrying', stepsRecorded: 1 }));
  });
});

test('every situation of a job is specified for every command', () => {
  expect(specified.size).toBe(9 * 17);
});

describe('the budget of attempts', () => {
  const lastAttempt = [jobCreated({ maxAttempts: 1 }), jobStarted()];

  test('a failure of the last attempt is final', () => {
    expect(given(...lastAttempt).when(failAttempt())).toEqual(
      thenHappens(jobFailed({ reason: 'attempts-exhausted' }), { status: 'failed', attempt: 1, error: SMTP_DOWN }),
    );
  });

  test('a worker lost in the last attempt fails the job, and the error names the worker', () => {
    const error = { name: 'WorkerLost', message: 'worker worker-1 stopped answering' };
    const outcome = given(...lastAttempt).when(takeOverAttempt());
    expect(outcome).toMatchObject({ event: 'JobFailed', job: { status: 'failed', error } });
    expect('data' in outcome && outcome.data).toStrictEqual({ attempt: 1, error, reason: 'worker-lost' });
  });

  test('a released attempt is given back, so that the next one bears its number', () => {
    expect(given(...lastAttempt, jobReleased()).when(startAttempt())).toEqual(
      thenHappens(jobStarted({ attempt: 1 }), { attempt: 1 }),
    );
  });

  test('a requeued job has its whole budget again', () => {
    expect(given(...lastAttempt, jobFailed(), jobRequeued()).when(startAttempt())).toEqual(
      thenHappens(jobStarted({ attempt: 1 }), { attempt: 1 }),
    );
  });
});
