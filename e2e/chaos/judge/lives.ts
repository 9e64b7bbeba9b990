import type { StepEffect } from './evidence.ts';

/** One step of a job in a script: event, its data, and the second in which it happened. */
export type Step = readonly [event: string, second: number, data?: Record<string, unknown>];

type StepWork = Pick<StepEffect, 'name' | 'key' | 'result'>;

export interface Script {
  readonly id: string;
  readonly type: string;
  readonly steps: readonly Step[];
  /** Attempt and second of each side effect. */
  readonly effects?: readonly (readonly [attempt: number, second: number])[];
  /** Steps whose work was done, each in which run of the job. */
  readonly stepEffects?: readonly (readonly [run: number, second: number, step: StepWork])[];
  /** The keys of sleeps of its first attempt, and the second of the end of each. */
  readonly sleeps?: readonly (readonly [key: string, second: number])[];
  readonly row: Record<string, unknown>;
  readonly change?: 'cancelled' | 'requeued' | 'priorityChanged';
  /** With which it was created; default normal. */
  readonly priority?: 'high' | 'low';
}

const error = { name: 'Error', message: 'no' };
const worker = 'worker-1';
const start = (second: number, attempt = 1): Step => ['JobStarted', second, { attempt, worker }];
export const second = (count: number) => Date.UTC(2026, 0, 1) + count * 1_000;
export const rfc3339 = (count: number) => new Date(second(count)).toISOString();
const finished = (startedAt: number, finishedAt: number) => ({
  started_at: second(startedAt),
  finished_at: second(finishedAt),
  updated_at: second(finishedAt),
  worker,
});
const done = (at: number, attempt = 1): Step => ['JobCompleted', at, { attempt, result: { ok: 1 }, durationMs: 5 }];
const completedRow = { status: 'completed', attempt: 1, result: { ok: 1 } };

export const settings = { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 10 }, timeoutMs: 60_000 };
const carriedState = (id: string) => ({
  payload: { of: id },
  tags: [`token-${id}`],
  ...settings,
  createdAt: rfc3339(0),
  updatedAt: rfc3339(0),
});

const nap = (until: number) => ({ name: 'nap', key: '0', result: rfc3339(until), durationMs: 0 });
const waitsUntil = (until: number) => ({
  status: 'waiting',
  attempt: 1,
  worker,
  startedAt: rfc3339(1),
  runAt: rfc3339(until),
  ranMs: 2_000,
});

/** Short lives of all kinds, each with the row that the published rules make of it. */
export const scripts: readonly Script[] = [
  {
    id: 'plain',
    type: 'webhook',
    steps: [start(1), ['JobProgressed', 2, { attempt: 1, percent: 50 }], done(3)],
    effects: [[1, 2]],
    row: { ...completedRow, progress: { percent: 50 }, version: 4, ...finished(1, 3) },
  },
  {
    id: 'retried',
    type: 'webhook',
    steps: [start(1), ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(4) }], start(4, 2), done(5, 2)],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 5, run_at: second(4), ...finished(4, 5) },
  },
  {
    id: 'taken-over',
    type: 'webhook',
    steps: [start(1), ['JobProgressed', 2, { attempt: 1, percent: 50 }], start(3, 2), done(4, 2)],
    effects: [
      [1, 1],
      [2, 3],
    ],
    row: { ...completedRow, attempt: 2, version: 5, ...finished(3, 4) },
  },
  {
    id: 'requeued',
    type: 'webhook',
    steps: [
      start(1),
      ['JobFailed', 2, { attempt: 1, error, reason: 'unrecoverable' }],
      ['JobRequeued', 3],
      start(4),
      done(5),
    ],
    effects: [
      [1, 1],
      [1, 4],
    ],
    row: { ...completedRow, version: 6, ...finished(4, 5) },
    change: 'requeued',
  },
  {
    id: 'released',
    type: 'webhook',
    steps: [start(1), ['JobReleased', 2, { attempt: 1, reason: 'shutdown' }], start(3), done(4)],
    effects: [
      [1, 1],
      [1, 3],
    ],
    row: { ...completedRow, version: 5, ...finished(3, 4) },
  },
  {
    id: 'due-now',
    type: 'webhook',
    steps: [
      start(1),
      ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(3_600) }],
      ['JobDueNow', 3],
      start(4, 2),
      done(5, 2),
    ],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 6, run_at: second(3), ...finished(4, 5) },
  },
  {
    id: 'payload-changed',
    type: 'webhook',
    steps: [
      ['JobCancelled', 1],
      ['JobPayloadChanged', 2, { payload: { of: 'an operator' } }],
      ['JobRequeued', 3],
      start(4),
      done(5),
    ],
    effects: [[1, 4]],
    row: { ...completedRow, payload: { of: 'an operator' }, version: 6, ...finished(4, 5) },
    change: 'requeued',
  },
  {
    id: 'revised',
    type: 'webhook',
    steps: [
      ['JobRevised', 1, { payload: { of: 'a later request' }, runAt: rfc3339(3), delayMs: 2_000 }],
      start(4),
      done(5),
    ],
    effects: [[1, 4]],
    row: {
      ...completedRow,
      payload: { of: 'a later request' },
      run_at: second(3),
      version: 4,
      ...finished(4, 5),
    },
  },
  {
    id: 'carried',
    type: 'webhook',
    steps: [
      ['JobCarried', 1, { ...carriedState('carried'), status: 'pending', attempt: 0 }],
      start(2),
      [
        'JobCarried',
        3,
        { ...carriedState('carried'), status: 'processing', attempt: 1, worker: 'worker-1', startedAt: rfc3339(2) },
      ],
      done(4),
    ],
    effects: [[1, 2]],
    row: { ...completedRow, version: 5, ...finished(2, 4) },
  },
  {
    id: 'with-steps',
    type: 'webhook',
    steps: [
      start(1),
      ['JobStepsRecorded', 2, { attempt: 1, from: 0, steps: [{ name: 'charge', result: 'paid', durationMs: 1 }] }],
      ['JobRetryScheduled', 3, { attempt: 1, error, retryAt: rfc3339(5) }],
      start(5, 2),
      [
        'JobStepsRecorded',
        6,
        { attempt: 2, from: 1, steps: [{ name: 'send', key: 'a', result: 'sent', durationMs: 1 }] },
      ],
      done(7, 2),
    ],
    effects: [
      [1, 1],
      [2, 5],
    ],
    stepEffects: [
      [1, 2, { name: 'charge', result: 'paid' }],
      [2, 6, { name: 'send', key: 'a', result: 'sent' }],
    ],
    row: { ...completedRow, attempt: 2, version: 7, run_at: second(5), steps_recorded: 2, ...finished(5, 7) },
  },
  {
    id: 'slept',
    type: 'webhook',
    steps: [
      start(1),
      ['JobStepsRecorded', 2, { attempt: 1, from: 0, steps: [nap(20)] }],
      ['JobSuspended', 3, { attempt: 1, until: rfc3339(20), ranMs: 2_000 }],
      ['JobCarriedWaiting', 5, { ...carriedState('slept'), ...waitsUntil(20), stepsRecorded: 1, steps: [nap(20)] }],
      ['JobResumed', 20, { attempt: 1, worker }],
      [
        'JobStepsRecorded',
        21,
        { attempt: 1, from: 1, steps: [{ name: 'call', key: '0', result: 'called', durationMs: 1 }] },
      ],
      ['JobCompleted', 22, { attempt: 1, result: { ok: 1 }, durationMs: 4_000 }],
    ],
    effects: [
      [1, 1],
      [1, 20],
    ],
    stepEffects: [[2, 21, { name: 'call', key: '0', result: 'called' }]],
    sleeps: [['0', 20]],
    row: {
      ...completedRow,
      version: 8,
      run_at: second(20),
      ran_ms: 2_000,
      ...finished(20, 22),
    },
  },
  {
    id: 'requeued-high',
    type: 'webhook',
    priority: 'high',
    steps: [
      start(1),
      ['JobFailed', 2, { attempt: 1, error, reason: 'unrecoverable' }],
      ['JobRequeuedWithPriority', 3, { priority: 'high' }],
      ['JobCarried', 4, { ...carriedState('requeued-high'), status: 'pending', attempt: 0, priority: 'high' }],
      start(5),
      done(6),
    ],
    effects: [
      [1, 1],
      [1, 5],
    ],
    row: { ...completedRow, version: 7, priority: 'high', ...finished(5, 6) },
    change: 'requeued',
  },
  {
    id: 'lowered',
    type: 'webhook',
    priority: 'high',
    steps: [
      start(1),
      ['JobRetryScheduled', 2, { attempt: 1, error, retryAt: rfc3339(4) }],
      ['JobPriorityChanged', 3, { priority: 'low' }],
      start(4, 2),
      done(5, 2),
    ],
    effects: [
      [1, 1],
      [2, 4],
    ],
    row: { ...completedRow, attempt: 2, version: 6, run_at: second(4), priority: 'low', ...finished(4, 5) },
    change: 'priorityChanged',
  },
  {
    id: 'cancelled',
    type: 'sleep',
    steps: [start(1), ['JobCancelled', 2]],
    row: { status: 'cancelled', attempt: 1, version: 3, ...finished(1, 2) },
    change: 'cancelled',
  },
];
