import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeFiredTimer } from './firedTimer.ts';

const AT = '2026-01-31T09:30:00.000Z';
const AT_MS = Date.parse(AT);

/** Decodes what was stored at `AT` on a subject. */
function decode(subject: string, body: unknown) {
  const message = { subject, text: () => JSON.stringify(body), storedAtMs: () => AT_MS, sequence: 7, deliveryCount: 1 };
  return decodeFiredTimer(message as never, AT_MS);
}

test('a timer names its job, and the instant for which it was set', () => {
  const wake = { jobId: randomUUID(), jobType: 'email', at: AT };
  const fired = {
    kind: 'due',
    jobId: wake.jobId,
    jobType: 'email',
    causationId: 'timer:7',
    deliveryCount: 1,
    dueAt: AT,
  };
  expect(decode('timers.due.email', wake)).toEqual(fired);
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
