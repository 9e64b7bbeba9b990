import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeFiredTimer } from './firedTimer.ts';

const AT = '2026-01-31T09:30:00.000Z';
const AT_MS = Date.parse(AT);
const HOUR_MS = 3_600_000;

interface Fired {
  /** When the server stored it; default: in time. */
  readonly storedMs?: number;
  /** What the server's clock has reached, as the process knows it. */
  readonly reached?: number;
  readonly deliveryCount?: number;
}

/** Decodes what was stored on a subject. */
function decode(subject: string, body: unknown, { storedMs = AT_MS, reached = AT_MS, deliveryCount = 1 }: Fired = {}) {
  const message = { subject, text: () => JSON.stringify(body), storedAtMs: () => storedMs, sequence: 7, deliveryCount };
  return decodeFiredTimer(message as never, reached);
}

/** Decodes a timer for `AT`. */
const fired = (given: Fired) => decode('timers.due.email', { jobId: randomUUID(), jobType: 'email', at: AT }, given);

test('a timer names its job, and the instant for which it was set', () => {
  const wake = { jobId: randomUUID(), jobType: 'email', at: AT };
  const timer = {
    kind: 'due',
    jobId: wake.jobId,
    jobType: 'email',
    causationId: 'timer:7',
    deliveryCount: 1,
    dueAt: AT,
  };
  expect(decode('timers.due.email', wake)).toEqual(timer);
});

test.each([
  ['an id that stands for every job', { jobId: '*', jobType: 'email', at: AT }],
  ['an id of several tokens', { jobId: `${randomUUID()}.created`, jobType: 'email', at: AT }],
  ['the type of another subject', { jobId: randomUUID(), jobType: 'report', at: AT }],
  ['no type', { jobId: randomUUID(), at: AT }],
  ['nothing', null],
])('what a stranger writes with %s is no timer', (_name, body) => {
  expect(decode('timers.due.email', body)).toEqual({ kind: 'malformed', reason: 'not a wake-up' });
});

test.each([0, -HOUR_MS, HOUR_MS])(
  'a timer that fired at its time is due, also for a process that is wrong about the time by %d ms',
  (wrongMs) => {
    expect(fired({ reached: AT_MS + wrongMs })).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 1 });
  },
);

test('a timer that fired early waits for the rest of its time, and a little, and its first delivery does not count', () => {
  const storedMs = AT_MS - 20_000;
  expect(fired({ storedMs, reached: storedMs + 5_000 })).toEqual({ kind: 'early', delayMs: 15_100 });
  expect(fired({ storedMs, deliveryCount: 2 })).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 1 });
  expect(fired({ storedMs, deliveryCount: 3 })).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 2 });
});

test('a timer that fired early waits hardly longer than it fired early, however wrong the process is about the time', () => {
  expect(fired({ storedMs: AT_MS - 20_000, reached: AT_MS - HOUR_MS })).toEqual({ kind: 'early', delayMs: 20_100 });
});

test('a timer that cannot have been fired so early on purpose says nothing about the time', () => {
  expect(fired({ storedMs: AT_MS - HOUR_MS, reached: AT_MS - HOUR_MS })).not.toHaveProperty('dueAt');
});
