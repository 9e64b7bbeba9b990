import { expect, test } from 'vitest';
import type { Worker } from './workers.ts';
import { workerState } from './workerState.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();

function workerOf(worker: string, startedAt: number, more: Partial<Worker> = {}): Worker {
  const program = { name: 'shop', host: 'build-7', types: ['email', 'sms'] };
  return { worker, startedAt: at(startedAt), live: true, ...program, runningCount: 0, running: [], ...more };
}

const stopped = workerOf('old', 0, { live: false, stoppedAt: at(60) });

test.each([
  ['lives', {}, 'live'],
  ['ends when its jobs are done', { stopping: true }, 'stopping'],
  ['stopped answering', { live: false }, 'lost'],
  ['stopped answering while it ended', { live: false, stopping: true }, 'lost'],
])('a worker that %s', (_what, more, kind) => {
  expect(workerState(workerOf('one', 0, more), [workerOf('other', 1)])).toEqual({ kind });
});

test('a worker that ended in order has stopped, and was replaced by the first of its program that started around then', () => {
  expect(workerState(stopped)).toEqual({ kind: 'stopped', at: at(60) });
  const [first, second] = [workerOf('first', 58, { version: '2' }), workerOf('second', 59)];
  expect(workerState(stopped, [second, stopped, first])).toEqual({ kind: 'stopped', at: at(60), replacedBy: first });
  expect(workerState(stopped, [first, second])).toMatchObject({ replacedBy: first });
  const later = workerOf('later', 600);
  expect(workerState(stopped, [later])).toMatchObject({ replacedBy: later });
});

test('a job type more or less does not make it another program', () => {
  const other = workerOf('new', 60, { types: ['sms', 'push'] });
  expect(workerState(stopped, [other])).toMatchObject({ replacedBy: other });
});

test.each([
  ['another name', workerOf('new', 60, { name: 'bank' })],
  ['no job type in common', workerOf('new', 60, { types: ['push'] })],
  ['a start long before', workerOf('new', 54)],
  ['no later start', workerOf('new', 0)],
])('a worker with %s has not taken its place', (_why, other) => {
  const young = { ...stopped, stoppedAt: at(other.worker === 'new' && other.startedAt === at(0) ? 1 : 60) };
  expect(workerState(young, [other])).not.toHaveProperty('replacedBy');
});
