import type { Job, WaitingFor } from '@jobstream/client';
import { expect, test } from 'vitest';
import { explainJob } from './explainJob.ts';

const job = { id: '4711', type: 'email', status: 'pending', attempt: 1, maxAttempts: 5 } as Job;
const printer = { time: (instant: string) => `at ${instant.slice(11, 16)}` };
const at = '2026-01-01T12:34:00.000Z';
const by = { kind: 'user', id: 'ada' } as const;

test.each<[WaitingFor, string]>([
  [{ reason: 'upgrade', unreadableEvents: 1 }, 'It has an event of a newer release, which this one cannot read.'],
  [{ reason: 'running', attempt: 1, worker: 'w1', since: at }, 'It runs: attempt 1 of 5 on w1, since at 12:34.'],
  [{ reason: 'lostWorker', attempt: 1, worker: 'w1' }, 'It ran on the worker w1, which lives no more.'],
  [{ reason: 'due', at }, 'It is delayed: due at 12:34.'],
  [{ reason: 'backoff', attempt: 1, until: at }, 'Attempt 1 of 5 failed, and the next one begins at 12:34.'],
  [{ reason: 'paused' }, 'Its type email was paused.'],
  [
    { reason: 'paused', by, since: at, until: at, why: 'the mail server is down' },
    'Its type email was paused by user ada at 12:34, until it ends at 12:34: the mail server is down',
  ],
  [{ reason: 'paused', by, why: 'move', all: true }, 'All job types were paused by user ada: move'],
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
    'The rate of email, 20/m, is used up; more than 10000 jobs are ahead.',
  ],
  [{ reason: 'queue', ahead: 2 }, 'It waits for its turn; 2 jobs are ahead.'],
  [{ reason: 'queue', ahead: 0 }, 'It is on its way to a worker.'],
  [{ reason: 'newer' } as unknown as WaitingFor, 'It waits: {"reason":"newer"}'],
])('%j is explained in one sentence', (waitingFor, sentence) => {
  expect(explainJob({ ...job, waitingFor }, printer).because).toBe(sentence);
});

test('a failed job tells its error, with the stack where the caller may see it, and how to run it again', () => {
  const error = { name: 'SmtpError', message: 'no such mailbox' };
  const failed: Job = { ...job, status: 'failed', attempt: 5, error };
  expect(explainJob(failed, printer)).toEqual({
    because: 'It has failed, in attempt 5 of 5: SmtpError: no such mailbox',
    advice: 'When the cause is gone: jobstream retry 4711',
  });
  const stack = 'SmtpError: no such\u001B[2J mailbox\n    at deliver (/srv/mail.js:7:3)';
  expect(explainJob({ ...failed, error: { ...error, stack } }, printer).because).toBe(
    'It has failed, in attempt 5 of 5: SmtpError: no such mailbox\nSmtpError: no such mailbox\n    at deliver (/srv/mail.js:7:3)',
  );
});

test('a job that has ended well waits for nothing', () => {
  expect(explainJob({ ...job, status: 'completed' }, printer)).toEqual({ because: 'It has completed.' });
});
