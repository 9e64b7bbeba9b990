import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { checkLog } from './checkLog.ts';
import { logMessage, type LogMessage, traceOf } from './testbed/logMessage.ts';

const jobId = '0193a3f0-0000-7000-8000-00000000beef';
const filter = `jobs.conformance.${jobId}.>`;
const envelope = { v: 1, jobId, jobType: 'conformance', tenant: 'acme', at: '2026-01-31T09:30:00.000Z' } as const;
const worker = { kind: 'worker', id: 'w1' } as const;

const created: JobEvent = {
  ...envelope,
  id: 'e1',
  event: 'JobCreated',
  version: 1,
  actor: { kind: 'api', id: 'kit' },
  data: { payload: null, maxAttempts: 1, backoff: { type: 'fixed', delayMs: 0 }, timeoutMs: 1, tags: [] },
};
const started: JobEvent = {
  ...envelope,
  id: 'e2',
  event: 'JobStarted',
  version: 2,
  actor: worker,
  data: { attempt: 1, worker: 'w1' },
};

interface Change {
  event?: object;
  headers?: Record<string, string>;
  subject?: string;
  body?: string;
}

/** A log of a JobCreated by the kit and a JobStarted by the worker, with this changed in the second. */
function logWith({ event = {}, headers = {}, subject, body }: Change): LogMessage[] {
  const first = {
    sequence: 5,
    subject: `jobs.conformance.${jobId}.created`,
    headers: {},
    body: encodeJobEvent(created),
    storedAt: 0,
  };
  const second = {
    sequence: 9,
    subject: subject ?? `jobs.conformance.${jobId}.started`,
    headers: {
      'nats-expected-last-subject-sequence': '5',
      'nats-expected-last-subject-sequence-subject': filter,
      traceparent: `00-${traceOf(jobId)}-00f067aa0ba902b7-01`,
      ...headers,
    },
    body: body ?? JSON.stringify({ ...started, ...event }),
    storedAt: 0,
  };
  return [logMessage(first, true), logMessage(second, false)];
}

test('checkLog accepts a correct start', () => {
  expect(checkLog(logWith({}))).toEqual([]);
});

test.each<[what: string, Change, complaint: string]>([
  ['a body that is no event', { body: '{}' }, 'no event of version 1'],
  ['another subject than that of its event', { subject: `jobs.conformance.${jobId}.completed` }, 'belongs there'],
  ['an older expectation', { headers: { 'nats-expected-last-subject-sequence': '4' } }, 'should expect sequence 5'],
  [
    'another filter',
    { headers: { 'nats-expected-last-subject-sequence-subject': 'jobs.>' } },
    'should name the filter',
  ],
  ['a version that was there', { event: { version: 1 } }, 'should have version 2, but has 1'],
  ['an attempt that cannot follow', { event: { data: { attempt: 2, worker: 'w1' } } }, 'cannot follow on pending'],
  ['an actor that is no worker', { event: { actor: { kind: 'api', id: 'w1' } } }, 'its actor should be a worker'],
  ['another worker than the one that wrote', { event: { actor: { ...worker, id: 'w2' } } }, 'but w2 wrote it'],
  ['no tenant', { event: { tenant: undefined } }, 'should have the tenant acme'],
  ['no trace', { headers: { traceparent: '' } }, 'should belong to the trace'],
])('complains about %s', (_what, change, complaint) => {
  expect(checkLog(logWith(change))).toEqual([expect.stringContaining(complaint)]);
});

test('checkLog complains about another worker in a JobResumed than the one that wrote it', () => {
  const resumed = { event: 'JobResumed', data: { attempt: 1, worker: 'w2' } };
  const complaints = checkLog(logWith({ event: resumed, subject: `jobs.conformance.${jobId}.resumed` }));
  expect(complaints).toContainEqual(expect.stringContaining('says that w2 runs the job, but w1 wrote it'));
});

test('checkLog reports an id that the worker has used before', () => {
  const [first, second, ...none] = logWith({});
  if (first === undefined || second === undefined || none.length > 0) throw new Error('two messages');
  const again = { ...second, sequence: 10 };
  expect(checkLog([first, second, again]).join('\n')).toContain('its id was used before');
});
