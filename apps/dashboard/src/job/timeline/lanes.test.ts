import type { JobEvent } from '@jobstream/client';
import { expect, test } from 'vitest';
import { lanesOf } from './lanes.ts';

/** A history: each event a second after the one before. */
function history(...events: readonly (readonly [event: string, data?: object])[]): readonly JobEvent[] {
  return events.map(
    ([event, data = {}], index) => ({ event, at: new Date(index * 1_000).toISOString(), data }) as unknown as JobEvent,
  );
}

const error = { name: 'Error', message: 'refused' };

test('an attempt has the wait before it', () => {
  expect(lanesOf(history(['JobCreated'], ['JobStarted', { attempt: 1, worker: 'w' }], ['JobCompleted']))).toEqual([
    { waitsFrom: 0, attempt: 1, worker: 'w', startedAt: 1_000, endedAt: 2_000, outcome: 'completed' },
  ]);
});

test('a retry begins another one, with the time at which it is due', () => {
  const retryAt = new Date(9_000).toISOString();
  const events = history(
    ['JobCreated', { runAt: new Date(500).toISOString() }],
    ['JobStarted', { attempt: 1, worker: 'w' }],
    ['JobProgressed'],
    ['JobRetryScheduled', { error, retryAt }],
  );
  expect(lanesOf(events)).toMatchObject([
    { waitsFrom: 0, dueAt: 500, endedAt: 3_000, outcome: 'retrying', error },
    { waitsFrom: 3_000, dueAt: 9_000 },
  ]);
});

test('a start after a start says that the worker before was lost', () => {
  const lost = ['JobStarted', { attempt: 1, worker: 'a', workerVersion: '1.0.0' }] as const;
  const lanes = lanesOf(
    history(['JobCreated'], lost, ['JobStarted', { attempt: 2, worker: 'b' }], ['JobFailed', { error }]),
  );
  expect(lanes.map(({ worker, outcome, workerVersion }) => [worker, outcome, workerVersion])).toEqual([
    ['a', 'lost', '1.0.0'],
    ['b', 'failed', undefined],
  ]);
});

test('an attempt that sleeps stays one, with each of its sleeps, and the worker that goes on with it', () => {
  const until = new Date(60_000).toISOString();
  const [begun, sleeps] = [['JobStarted', { attempt: 1, worker: 'a' }] as const, ['JobSuspended', { until }] as const];
  const goesOn = ['JobResumed', { attempt: 1, worker: 'b', workerVersion: '2.0.0' }] as const;
  const sleeping = { waitsFrom: 0, attempt: 1, startedAt: 1_000 };
  expect(lanesOf(history(['JobCreated'], begun, sleeps))).toEqual([
    { ...sleeping, worker: 'a', sleeps: [{ from: 2_000, dueAt: 60_000 }] },
  ]);
  const again = history(['JobCreated'], begun, sleeps, ['JobCarriedWaiting'], goesOn, sleeps, ['JobCancelled']);
  expect(lanesOf(again)).toEqual([
    {
      ...sleeping,
      worker: 'b',
      workerVersion: '2.0.0',
      sleeps: [
        { from: 2_000, dueAt: 60_000, to: 4_000 },
        { from: 5_000, dueAt: 60_000 },
      ],
      endedAt: 6_000,
      outcome: 'cancelled',
    },
  ]);
});

test('a history that begins within a sleep has it', () => {
  const [createdAt, startedAt, updatedAt, runAt] = [1, 2, 3, 60].map((second) =>
    new Date(second * 1_000).toISOString(),
  );
  const carried = { attempt: 2, worker: 'a', createdAt, startedAt, updatedAt, runAt };
  const [lane] = lanesOf(history(['JobCarriedWaiting', carried]));
  expect(lane).toEqual({
    waitsFrom: 1_000,
    startedAt: 2_000,
    attempt: 2,
    worker: 'a',
    sleeps: [{ from: 3_000, dueAt: 60_000 }],
  });
});

test('a wait for signals is drawn as a sleep; without a time limit it is never due', () => {
  const start = ['JobStarted', { attempt: 1, worker: 'w' }] as const;
  const sleepsUntil = (until: number) => {
    const data = { until: new Date(until).toISOString(), signals: ['approved'] };
    const lanes = lanesOf(
      history(['JobCreated'], start, ['JobSuspended', data], ['JobSignalled', { name: 'approved' }]),
    );
    return lanes.map(({ sleeps }) => sleeps);
  };
  expect(sleepsUntil(60_000)).toEqual([[{ from: 2_000, dueAt: 60_000, signals: ['approved'] }]]);
  expect(sleepsUntil(2_000 + 366 * 86_400_000)).toEqual([[{ from: 2_000, signals: ['approved'] }]]);
});

test('a released or requeued job waits again', () => {
  const start = ['JobStarted', { attempt: 1, worker: 'w' }] as const;
  const lanes = lanesOf(history(['JobCreated'], start, ['JobReleased'], start, ['JobCancelled'], ['JobRequeued']));
  expect(lanes.map(({ waitsFrom, outcome }) => [waitsFrom, outcome])).toEqual([
    [0, 'released'],
    [2_000, 'cancelled'],
    [5_000, undefined],
  ]);
});

test('the attempts after a retry by hand know of it, since they begin at one again', () => {
  const start = ['JobStarted', { attempt: 1, worker: 'w' }] as const;
  const failed = ['JobFailed', { error }] as const;
  const lanes = lanesOf(
    history(['JobCreated'], start, failed, ['JobRequeued'], start, ['JobReleased'], start, failed, ['JobRequeued']),
  );
  expect(lanes.map(({ attempt, retries }) => [attempt, retries])).toEqual([
    [1, undefined],
    [1, 1],
    [1, 1],
    [undefined, 2],
  ]);
});

test('an attempt of a worker whose clock is behind begins and ends with its wait, not before', () => {
  const [created, begun, completed] = history(
    ['JobCreated'],
    ['JobStarted', { attempt: 1, worker: 'w' }],
    ['JobCompleted'],
  );
  const events = [
    { ...created, at: '1970-01-01T00:00:05.000Z' },
    { ...begun, at: '1970-01-01T00:00:04.996Z' },
    { ...completed, at: '1970-01-01T00:00:04.999Z' },
  ] as readonly JobEvent[];
  expect(lanesOf(events)).toMatchObject([{ waitsFrom: 5_000, startedAt: 5_000, endedAt: 5_000 }]);
});
