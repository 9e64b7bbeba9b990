import type { JobEvent, JobStatus } from '@jobstream/domain';
import type { Delivery } from '@jobstream/eventlog';
import { describe, expect, test } from 'vitest';
import { testJob } from '../../testing/testJob.ts';
import { planClaim } from './planClaim.ts';

const context = { workerName: 'me', ackWaitMs: 5_000 };

function delivered(causationId: string, deliveryCount: number): Delivery {
  const { id: jobId, type: jobType } = testJob();
  return {
    jobId,
    jobType,
    causationId,
    deliveryCount,
    acquireSlot: () => true,
    releaseSlot() {},
    ack() {},
    nak() {},
    keepAlive() {},
  };
}

function plan(found: { status: JobStatus; startedBy?: string; runAt?: string }, delivery: Delivery) {
  const { do: what, ...rest } = planClaim({ job: testJob(found), sequence: 7 }, delivery, context);
  if (what === 'wake') return what;
  return what === 'append' && 'command' in rest ? rest.command : 'answer' in rest ? rest.answer : undefined;
}

test.each(['scheduled', 'pending', 'retrying'] as const)('a %s job is to be started', (status) => {
  expect(plan({ status }, delivered('m1', 1))).toEqual({ kind: 'StartAttempt', worker: 'me' });
});

test.each(['completed', 'failed', 'cancelled'] as const)('a %s job needs nothing more', (status) => {
  expect(plan({ status }, delivered('m1', 2))).toEqual({ answer: 'ack' });
});

test('a state from before the message came into the log proves nothing', () => {
  const event = { event: 'JobRequeued' } as JobEvent;
  const recorded = { sequence: 8, recordedAt: '2026-01-01T00:00:02.000Z', event };
  const requeued = { ...delivered('m2', 1), recorded };
  const wait = { answer: 'release', afterMs: 5_000 };
  expect(plan({ status: 'failed' }, requeued)).toEqual(wait);
  expect(planClaim(undefined, requeued, context)).toMatchObject({ answer: wait });
});

test('a job that nobody knows needs nothing', () => {
  const unknown = planClaim(undefined, delivered('m1', 1), context);
  expect(unknown).toMatchObject({ answer: { answer: 'ack' } });
});

describe('a job that waits for its time', () => {
  const runAt = '2026-01-01T00:00:02.000Z';
  const start = { kind: 'StartAttempt', worker: 'me' };

  test('is started by a message that comes for the first time', () => {
    expect(plan({ status: 'scheduled', runAt }, delivered('m1', 1))).toEqual(start);
    expect(plan({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('timer:9', 1))).toEqual(start);
  });

  test('is left to its timer by a message that comes again: an earlier holder may still acknowledge it', () => {
    expect(plan({ status: 'scheduled', runAt }, delivered('m1', 2))).toBe('wake');
    expect(plan({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('m1', 2))).toBe('wake');
    expect(plan({ status: 'retrying', runAt, startedBy: 'm1' }, delivered('timer:9', 2))).toBe('wake');
  });

  test('is left to its timer by the message of the attempt that failed, even if its count began anew', () => {
    expect(plan({ status: 'retrying', runAt, startedBy: 'm1#3' }, delivered('m1', 1))).toBe('wake');
  });
});

describe('a job that is processing', () => {
  const started = { status: 'processing', startedBy: 'm1' } as const;
  const takeOver = { kind: 'TakeOverAttempt', attempt: 1, worker: 'me' };
  const wait = { answer: 'release', afterMs: 5_000 };

  test('is taken over when the message that started it comes again', () => {
    expect(plan(started, delivered('m1', 2))).toEqual(takeOver);
  });

  test('is left to the worker that has the message when another message comes', () => {
    const recorded = {
      sequence: 7,
      recordedAt: '2026-01-01T00:00:02.000Z',
      event: { event: 'JobRequeued' } as JobEvent,
    };
    expect(plan(started, { ...delivered('m2', 1), recorded })).toEqual({ answer: 'ack' });
    expect(plan(started, delivered('timer:9', 2))).toEqual({ answer: 'ack' });
  });

  test('is looked at once more before a timer is given up, since a new leader may not know the end of the attempt', () => {
    expect(plan(started, delivered('timer:9', 1))).toEqual(wait);
  });

  test('is waited for when its message seems to come for the first time: the server may have lost its counts', () => {
    expect(plan(started, delivered('m1', 1))).toEqual(wait);
  });

  test('is waited for when its message reached its worker after it reached us', () => {
    expect(plan({ ...started, startedBy: 'm1#3' }, delivered('m1', 2))).toEqual(wait);
    expect(plan({ ...started, startedBy: 'm1#3' }, delivered('m1', 3))).toEqual(wait);
    expect(plan({ ...started, startedBy: 'm1#3' }, delivered('m1', 4))).toEqual(takeOver);
  });

  test('is treated as its own by any message when its worker did not say which one started it', () => {
    expect(plan({ status: 'processing' }, delivered('m1', 2))).toEqual(takeOver);
    expect(plan({ status: 'processing' }, delivered('m1', 1))).toEqual(wait);
  });
});
