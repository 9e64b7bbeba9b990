import { expect, test } from 'vitest';
import type { BlockedLoop, Worker } from '../operate/workers.ts';
import type { JobEvent } from './jobEvent.ts';
import { lostAttempts } from './lostAttempts.ts';

const START = Date.parse('2026-01-01T12:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

/** A history of events at seconds after the start. */
const historyOf = (...events: readonly (readonly [seconds: number, event: string, data?: object])[]) =>
  events.map(([seconds, event, data = {}], index) => ({
    event,
    data,
    at: at(seconds),
    version: index + 1,
  })) as JobEvent[];
const started = (seconds: number, attempt: number, worker: string) =>
  [seconds, 'JobStarted', { attempt, worker }] as const;
const blocked = (since: number, seconds: number): BlockedLoop => ({
  since: at(since),
  durationMs: seconds * 1_000,
  jobs: [],
});
const workerOf = (worker: string, more: Partial<Worker> = {}) => ({ worker, live: true, ...more }) as Worker;

const takenOver = historyOf([0, 'JobCreated'], started(1, 1, 'a'), started(12, 2, 'b'));
const reasonsOf = (history: readonly JobEvent[], workers?: readonly Worker[]) =>
  lostAttempts(history, workers).map(({ because }) => because);

test('an attempt that another one follows without its end was lost, and so was one that ended with its worker', () => {
  const history = historyOf(started(1, 1, 'a'), [2, 'JobSignalled', { name: 'note' }], started(12, 2, 'b'), [
    24,
    'JobFailed',
    { attempt: 2, reason: 'worker-lost' },
  ]);
  expect(lostAttempts(history)).toEqual([
    {
      attempt: 1,
      worker: 'a',
      version: 3,
      at: at(12),
      because: 'worker a stopped answering: read the end of its output',
    },
    {
      attempt: 2,
      worker: 'b',
      version: 4,
      at: at(24),
      because: 'worker b stopped answering: read the end of its output',
    },
  ]);
});

test('an attempt that has its end was not lost', () => {
  const ends = ['JobCompleted', 'JobRetryScheduled', 'JobReleased', 'JobCancelled', 'JobOfNewerRelease'] as const;
  for (const end of ends) expect(reasonsOf(historyOf(started(1, 1, 'a'), [2, end], started(3, 2, 'b')))).toEqual([]);
  const failed = [2, 'JobFailed', { reason: 'attempts-exhausted' }] as const;
  expect(reasonsOf(historyOf(started(1, 1, 'a'), failed))).toEqual([]);
});

test('a history that begins in the middle of an attempt has its loss as well', () => {
  const carried = { status: 'processing', attempt: 3, worker: 'a', startedAt: at(0) };
  expect(lostAttempts(historyOf([1, 'JobCarried', carried], started(12, 4, 'b')))).toMatchObject([
    { attempt: 3, worker: 'a' },
  ]);
  expect(reasonsOf(historyOf([1, 'JobCarried', { ...carried, status: 'failed' }], started(12, 4, 'b')))).toEqual([]);
});

test('a worker whose event loop was blocked was silent for that time', () => {
  const because = 'worker a was silent for 10 s, its event loop was blocked: see threads (docs/handlers.md)';
  const blocks = [blocked(2, 30), blocked(1.2, 3)];
  expect(reasonsOf(takenOver, [workerOf('a', { blocked: blocks })])).toEqual([because]);
  expect(reasonsOf(takenOver, [workerOf('a', { live: false, blocked: [blocked(1.5, 10.4)] })])).toEqual([because]);
});

test('a block that was over when the attempt began, or long before it was lost, explains nothing', () => {
  const lives = 'worker a stopped answering, and lives: it was frozen or cut off from NATS; read its output';
  for (const block of [blocked(-20, 20), blocked(2, 3), blocked(13, 60)])
    expect(reasonsOf(takenOver, [workerOf('a', { blocked: [block] })])).toEqual([lives]);
});

test('a worker that ended in order after its attempt was lost had been frozen or cut off', () => {
  const reason =
    'worker a stopped answering, and ended in order later: it was frozen or cut off from NATS; read its output';
  const stoppedAt = '2026-11-27T10:00:00.000Z';
  expect(reasonsOf(takenOver, [workerOf('a', { live: false, stoppedAt })])).toEqual([reason]);
});

test('a worker that is gone is to be looked for in its output', () => {
  const gone =
    'worker a stopped answering and is gone: it has ended, or its event loop is blocked; read the end of its output';
  expect(reasonsOf(takenOver, [workerOf('a', { live: false })])).toEqual([gone]);
  expect(reasonsOf(takenOver, [workerOf('b')])).toEqual([gone]);
});
