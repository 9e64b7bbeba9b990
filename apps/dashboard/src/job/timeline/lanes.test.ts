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
