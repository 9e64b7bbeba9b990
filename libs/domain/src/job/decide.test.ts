import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { evolve, fold } from './evolve.ts';
import type { JobEvent } from './jobEvent.ts';
import { given, numbered, thenHappens, thenRefused } from '../../testing/given.ts';
import { historyOf } from '../../testing/historyOf.ts';
import {
  NOW,
  TOO_EARLY,
  cancelJob,
  completeAttempt,
  createJob,
  failAttempt,
  reportProgress,
  requeueJob,
  startAttempt,
  takeOverAttempt,
} from '../../testing/jobCommands.ts';
import {
  DUE_AT,
  JOB_ID,
  jobCompleted,
  jobCreated,
  jobProgressed,
  jobReleased,
  jobRetryScheduled,
  jobStarted,
} from '../../testing/jobEvents.ts';

const processing = fold(numbered(historyOf('processing')));

test('an event carries who asked, when and why, and the next version of the job', () => {
  const command = completeAttempt({ eventId: 'event-3', causationId: 'event-1', correlationId: 'request-9' });
  expect(decide(command, processing)).toStrictEqual({
    v: 1,
    event: 'JobCompleted',
    id: 'event-3',
    jobId: JOB_ID,
    jobType: 'email',
    version: 3,
    at: NOW,
    actor: { kind: 'api', id: 'client-1' },
    causationId: 'event-1',
    correlationId: 'request-9',
    data: { attempt: 1, result: 'sent', durationMs: 12 },
  });
});

test('a job belongs to the tenant of the command that creates it, and so do all events of the job', () => {
  const created = decide(createJob({ tenant: 'acme' }), undefined) as JobEvent;
  const job = fold([created]);
  const started = decide(startAttempt(), job) as JobEvent;
  expect([created.tenant, job?.tenant, started.tenant]).toEqual(['acme', 'acme', 'acme']);
  expect(fold([created, { ...started, tenant: 'globex' }])?.tenant).toBe('acme');
});

test('what a command leaves out is absent from the event, not undefined', () => {
  const { percent: _percent, ...silent } = reportProgress() as ReturnType<typeof reportProgress> & { percent?: number };
  const event = decide(silent, processing);
  expect(event).not.toHaveProperty('causationId');
  expect(event).not.toHaveProperty('correlationId');
  expect(Object.keys((event as JobEvent).data)).toEqual(['attempt']);
});

test('the start of an attempt has the release of the program if the worker says it', () => {
  const said = { workerVersion: '1.0.0' };
  const pending = fold(numbered(historyOf('pending')));
  expect(decide(startAttempt(said), pending)).toHaveProperty('data', { attempt: 1, worker: 'worker-1', ...said });
  expect(decide(takeOverAttempt(said), processing)).toHaveProperty('data', { attempt: 2, worker: 'worker-2', ...said });
  expect(decide(startAttempt(), pending)).toHaveProperty('data', { attempt: 1, worker: 'worker-1' });
});

test('a job is created with everything that was asked for', () => {
  const optional = { runAt: DUE_AT, idempotencyKey: 'hash-1', fingerprint: 'hash-2' };
  expect(given().when(createJob({ ...optional, delayMs: 250, payload: [1, { deep: null }] }))).toEqual(
    thenHappens(jobCreated({ ...optional, delayMs: 250, payload: [1, { deep: null }] }), optional),
  );
});

test('a job created without a payload has the payload null', () => {
  expect(given().when(createJob({ payload: undefined }))).toEqual(thenHappens(jobCreated({ payload: null })));
});

test('a handler without a result completes the job without one', () => {
  const { result: _result, ...command } = completeAttempt() as ReturnType<typeof completeAttempt> & {
    result?: unknown;
  };
  expect(decide(command, processing)).toMatchObject({ event: 'JobCompleted' });
  expect(Object.keys((decide(command, processing) as JobEvent).data)).toEqual(['attempt', 'durationMs']);
});

test('a result of null is a result', () => {
  expect(given(...historyOf('processing')).when(completeAttempt({ result: null }))).toEqual(
    thenHappens(jobCompleted({ result: null }), { result: null }),
  );
});

test('progress may be a message alone', () => {
  const command = { ...reportProgress({ message: 'half of it' }) };
  expect(given(...historyOf('processing')).when(command)).toEqual(
    thenHappens(jobProgressed({ percent: 50, message: 'half of it' }), {
      progress: { percent: 50, message: 'half of it' },
    }),
  );
});

test('a job that is not due says when it will be', () => {
  const scheduled = fold(numbered(historyOf('scheduled')));
  expect(decide(startAttempt({ at: TOO_EARLY }), scheduled)).toMatchObject({ kind: 'not-due', dueAt: DUE_AT });
});

test('due times are compared as instants, whatever their number of fraction digits', () => {
  const due = jobCreated({ runAt: '2026-01-01T01:00:00Z' });
  expect(given(due).when(startAttempt({ at: '2026-01-01T01:00:00.000Z' }))).toEqual(thenHappens(jobStarted()));
});

test('a job released after its due time starts again without waiting', () => {
  const released = [jobCreated({ runAt: DUE_AT }), jobStarted(), jobReleased()];
  expect(given(...released).when(startAttempt({ at: TOO_EARLY }))).toEqual(thenHappens(jobStarted()));
});

test('a refusal names both attempts when a run was overtaken', () => {
  const takenOver = fold(numbered([...historyOf('processing'), jobStarted({ attempt: 2 })]));
  expect(decide(completeAttempt({ attempt: 1 }), takenOver)).toEqual({
    kind: 'overtaken',
    detail: 'attempt 1 was overtaken by attempt 2',
  });
});

test('a worker that lost the race for a lost attempt does not take over the winner', () => {
  const takenOver = [...historyOf('processing'), jobStarted({ attempt: 2, worker: 'worker-2' })];
  expect(given(...takenOver).when(takeOverAttempt({ attempt: 1, worker: 'worker-3' }))).toEqual(
    thenRefused('overtaken'),
  );
});

test.each([
  ['longer than the backoff is kept', 90_000, '2026-01-01T02:01:30.000Z'],
  ['shorter than the backoff does not shorten it', 1_000, '2026-01-01T02:01:00.000Z'],
  ['below zero does not shorten it', -5_000, '2026-01-01T02:01:00.000Z'],
  ['of an absurd length ends after thirty days', 1e300, '2026-01-31T02:00:00.000Z'],
])('a wait asked for by the other side that is %s', (_case, retryAfterMs, retryAt) => {
  expect(given(...historyOf('processing')).when(failAttempt({ retryAfterMs }))).toEqual(
    thenHappens(jobRetryScheduled({ retryAt }), { runAt: retryAt }),
  );
});

test('a retry uses the backoff of the job and the number of the failed attempt', () => {
  const backoff = { type: 'exponential', delayMs: 1_000, maxDelayMs: 60_000, jitter: 0.5 } as const;
  const third = [
    jobCreated({ backoff, maxAttempts: 9 }),
    jobStarted(),
    jobStarted({ attempt: 2 }),
    jobStarted({ attempt: 3 }),
  ];
  expect(given(...third).when(failAttempt({ attempt: 3, random: 0.5 }))).toEqual(
    thenHappens(jobRetryScheduled({ attempt: 3, retryAt: '2026-01-01T02:00:03.000Z' })),
  );
});

describe('a job with events of a newer release', () => {
  const unreadable = { event: 'UnreadableEvent', name: 'JobPaused', jobId: JOB_ID, jobType: 'email' } as const;
  const marked = (name: Parameters<typeof historyOf>[0]) => {
    const events = numbered(historyOf(name));
    return fold([...events, { ...unreadable, version: events.length + 1 }]);
  };

  test('is counted up and marked, and otherwise left as it was', () => {
    expect(marked('processing')).toStrictEqual({ ...processing, version: 3, unreadableEvents: 1 });
  });

  test('ignores one that is not its next', () => {
    expect(fold([...numbered(historyOf('processing')), { ...unreadable, version: 4 }])).toEqual(processing);
  });

  test('can be cancelled, but nothing else is decided for it', () => {
    expect(decide(cancelJob(), marked('processing'))).toMatchObject({ event: 'JobCancelled', version: 4 });
    for (const command of [startAttempt(), completeAttempt(), takeOverAttempt(), reportProgress()]) {
      expect(decide(command, marked('processing'))).toMatchObject({ kind: 'unreadable' });
    }
    expect(decide(requeueJob(), marked('failed'))).toEqual({
      kind: 'unreadable',
      detail: 'the job has an event of a newer release, which this one cannot read: upgrade it',
    });
  });

  test('is requeued by whoever discards them, and then is like any other', () => {
    const failed = marked('failed');
    const event = decide(requeueJob({ discardUnreadable: true, reason: 'forged' }), failed) as JobEvent;
    expect(event).toMatchObject({ event: 'JobRequeued', data: { reason: 'forged', discarded: 1 } });
    expect(evolve(failed, event)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(evolve(failed, event)).not.toHaveProperty('unreadableEvents');
    expect(decide(startAttempt(), evolve(failed, event))).toMatchObject({ event: 'JobStarted' });
  });

  test('that discards nothing requeues as ever', () => {
    const failed = fold(numbered(historyOf('failed')));
    expect(decide(requeueJob({ discardUnreadable: true }), failed)).toMatchObject({ event: 'JobRequeued', data: {} });
  });
});
