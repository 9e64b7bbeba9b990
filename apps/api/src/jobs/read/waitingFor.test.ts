import type { Job } from '@jobstream/domain';
import type { JobTypeInfo } from '@jobstream/eventlog';
import { describe, expect, test } from 'vitest';
import type { TypeState } from '../../jobTypes/typeStates.ts';
import { type Circumstances, waitingFor } from './waitingFor.ts';

const now = Date.parse('2026-01-01T12:00:00.000Z');
const later = '2026-01-01T12:00:01.000Z';
const earlier = '2026-01-01T11:59:59.000Z';
const idle: JobTypeInfo = { jobType: 'email', paused: false, backlog: 0, inFlight: 0, hasRoom: true };
const busy: JobTypeInfo = { ...idle, inFlight: 4, hasRoom: false };
const state: TypeState = { info: idle, announced: true, workers: 2, concurrency: 4, rate: '40/m' };
const job = { type: 'email', status: 'pending', version: 1, attempt: 0, maxAttempts: 5 } as Job;

function reasonOf(changes: Partial<Job>, circumstances: Partial<Circumstances> = {}): string | undefined {
  return waitingFor({ ...job, ...changes }, { now, type: state, isWorkerGone: false, ...circumstances })?.reason;
}
const reasonIn = (changes: Partial<TypeState>) => reasonOf({}, { type: { ...state, ...changes } });
const paused = { ...state, info: { ...busy, paused: true } };

describe('of several reasons the one that has to go first is told:', () => {
  test.each([
    ['a newer event before all', { unreadableEvents: 1, status: 'scheduled', runAt: later }, 'upgrade'],
    ['a delay before a pause', { status: 'scheduled', runAt: later }, 'due'],
    ['a backoff before a pause', { status: 'retrying', runAt: later }, 'backoff'],
    ['a wait before a pause', { status: 'waiting', runAt: later }, 'sleep'],
    ['a signal before a pause', { status: 'waiting', runAt: later, awaits: ['approved'] }, 'signal'],
    ['a pause, once the signal has come', { status: 'waiting', runAt: earlier, awaits: ['approved'] }, 'paused'],
    ['a pause, once the wait is over', { status: 'waiting', runAt: earlier }, 'paused'],
    ['a pause, once the delay is over', { status: 'scheduled', runAt: earlier }, 'paused'],
    ['a pause, once the backoff is over', { status: 'retrying', runAt: earlier }, 'paused'],
    ['a pause, after a delay that was skipped', { status: 'pending', runAt: later }, 'paused'],
  ] as const)('%s', (_what, changes, reason) => {
    expect(reasonOf(changes, { type: paused })).toBe(reason);
  });

  test.each([
    ['a pause before missing workers', { info: { ...busy, paused: true }, workers: 0 }, 'paused'],
    ['missing workers before limits', { info: busy, workers: 0 }, 'noWorker'],
    ['missing workers, of a type without consumers', { info: undefined, workers: 0 }, 'noWorker'],
    ['slots before the rate', { info: busy }, 'concurrency'],
    ['the rate while slots are free', { info: { ...busy, inFlight: 3 } }, 'rateLimit'],
  ] as const)('%s', (_what, changes, reason) => {
    expect(reasonIn(changes)).toBe(reason);
  });
});

describe('only the queue is in the way', () => {
  test.each([
    ['while a worker asks for more, however much others hold', { info: { ...busy, hasRoom: true } }],
    ['where a worker asks that has not announced itself', { workers: 0 }],
    ['where announcements cannot be read', { info: busy, workers: undefined, concurrency: 0, rate: undefined }],
    ['while slots are free and there is no rate', { info: { ...busy, inFlight: 3 }, rate: undefined }],
    ['before the type has consumers', { info: undefined }],
  ] as const)('%s', (_what, changes) => {
    expect(reasonIn(changes)).toBe('queue');
  });
});

test('what depends on the type is left out where the state of the type is not known', () => {
  expect(reasonOf({}, { type: undefined })).toBeUndefined();
  expect(reasonOf({ status: 'scheduled', runAt: later }, { type: undefined })).toBe('due');
  expect(reasonOf({ status: 'processing' }, { type: undefined, isWorkerGone: true })).toBe('lostWorker');
});

test.each(['completed', 'failed', 'cancelled'] as const)('a job that is %s waits for nothing', (status) => {
  expect(reasonOf({ status, unreadableEvents: 1 })).toBeUndefined();
});
