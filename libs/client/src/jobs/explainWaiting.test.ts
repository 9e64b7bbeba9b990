import { expect, test } from 'vitest';
import { explainWaiting } from './explainWaiting.ts';
import type { Job } from './job.ts';
import type { WaitingFor } from './waitingFor.ts';

const job = { id: '4711', type: 'email', status: 'pending', attempt: 1, maxAttempts: 5 } as Job;
const format = { time: (instant: string) => `at ${instant.slice(11, 16)}`, duration: () => '1m 30s' };
const at = '2026-01-01T12:34:00.000Z';
const by = { kind: 'user', id: 'ada' } as const;

test.each<[WaitingFor, string]>([
  [{ reason: 'upgrade', unreadableEvents: 2 }, 'It has 2 events of a newer release, which this one cannot read.'],
  [{ reason: 'upgrade', unreadableEvents: 1 }, 'It has an event of a newer release, which this one cannot read.'],
  [{ reason: 'running', attempt: 1, worker: 'w1', since: at }, 'It runs: attempt 1 of 5 on w1, begun at 12:34.'],
  [{ reason: 'lostWorker', attempt: 1, worker: 'w1' }, 'It ran on w1, which lives no more.'],
  [{ reason: 'due', at }, 'It is delayed: due at 12:34.'],
  [{ reason: 'backoff', attempt: 1, until: at }, 'Attempt 1 of 5 failed. The next one begins at 12:34.'],
  [{ reason: 'sleep', attempt: 1, until: at }, 'Attempt 1 of 5 sleeps and goes on at 12:34.'],
  [
    { reason: 'sleep', attempt: 1, until: at, name: 'poll', key: '2' },
    'Attempt 1 of 5 sleeps (poll 2) and goes on at 12:34.',
  ],
  [
    { reason: 'signal', attempt: 1, names: ['approved'], since: at },
    'Attempt 1 of 5 waits for the signal approved, begun at 12:34.',
  ],
  [
    { reason: 'signal', attempt: 1, names: ['approved', 'rejected'], since: at, until: at },
    'Attempt 1 of 5 waits for the signal approved or rejected, begun at 12:34, and goes on at 12:34 at the latest.',
  ],
  [{ reason: 'paused' }, 'Its type email was paused.'],
  [
    { reason: 'paused', by, since: at, until: at, why: 'the mail server is down' },
    'Its type email was paused by user ada at 12:34, which ends at 12:34: the mail server is down',
  ],
  [{ reason: 'paused', by: { kind: 'api', id: '7f3a' }, why: 'move' }, 'Its type email was paused by key 7f3a: move'],
  [{ reason: 'paused', by: { kind: 'api', id: 'anonymous' } }, 'Its type email was paused by a caller without a key.'],
  [{ reason: 'paused', by, why: 'move', all: true }, 'All types were paused by user ada: move'],
  [
    { reason: 'noWorker', announced: true },
    'No living worker takes jobs of the type email; one did within the last day.',
  ],
  [{ reason: 'noWorker', announced: false }, 'No worker has announced the type email within the last day.'],
  [
    { reason: 'concurrency', inFlight: 3, limit: 3, ahead: 1, estimateMs: 90_000 },
    'All slots for email are taken (3 of 3); 1 job is ahead, for about 1m 30s.',
  ],
  [{ reason: 'concurrency' }, 'All slots for email are taken.'],
  [
    { reason: 'rateLimit', rate: '20/m', ahead: 10_000, aheadIsMore: true },
    'The rate of email, 20/m, is used up; more than 10,000 jobs are ahead.',
  ],
  [{ reason: 'queue', ahead: 2 }, 'It waits for its turn; 2 jobs are ahead.'],
  [{ reason: 'queue', ahead: 0 }, 'It is on its way to a worker.'],
  [{ reason: 'newer' } as unknown as WaitingFor, 'It waits: {"reason":"newer"}'],
])('%j is explained in one sentence', (waitingFor, sentence) => {
  expect(explainWaiting({ ...job, waitingFor }, format)?.because).toBe(sentence);
});

test('the error of the attempt before is told, and times as the API has them unless one formats them', () => {
  const error = { name: 'SmtpError', message: 'no such mailbox' };
  const backoff: Job = { ...job, status: 'retrying', error, waitingFor: { reason: 'backoff', attempt: 2, until: at } };
  expect(explainWaiting(backoff)).toEqual({
    because: `Attempt 2 of 5 failed with SmtpError: no such mailbox. The next one begins ${at}.`,
  });
  const queued: Job = { ...job, waitingFor: { reason: 'queue', ahead: 1, estimateMs: 89_100 } };
  expect(explainWaiting(queued)?.because).toBe('It waits for its turn; 1 job is ahead, for about 90 s.');
});

const adviceOf = (waitingFor: WaitingFor) => explainWaiting({ ...job, waitingFor })?.advice;

test('what would change it is said where there is something', () => {
  expect(adviceOf({ reason: 'noWorker', announced: false })).toMatch(/^Start a worker for it/);
  expect(adviceOf({ reason: 'noWorker', announced: true })).toMatch(/^Start its workers/);
  expect(adviceOf({ reason: 'paused' })).toBe('Resume it when the reason is gone.');
  expect(adviceOf({ reason: 'due', at })).toBeUndefined();
});

test('a job without a reason says that it is not known, and one that has ended waits for nothing', () => {
  expect(explainWaiting(job)?.because).toBe('It is pending; why is not known while the log does not answer.');
  expect(explainWaiting({ ...job, status: 'completed' })).toBeUndefined();
});
