import type { Job, WaitingFor } from '@jobstream/client';
import { expect, test } from 'vitest';
import { explainJob } from './explainJob.ts';

const job = { id: '4711', type: 'email', status: 'pending', attempt: 1, maxAttempts: 5 } as Job;
const printer = { time: (instant: string) => `at ${instant.slice(11, 16)}` };
const at = '2026-01-01T12:34:00.000Z';

test.each<[WaitingFor, string | undefined]>([
  [{ reason: 'due', at }, 'If it is not needed any more: jobstream cancel 4711'],
  [{ reason: 'sleep', attempt: 1, until: at }, 'If it is not needed any more: jobstream cancel 4711'],
  [
    { reason: 'signal', attempt: 1, names: ['approved', 'rejected'], since: at },
    'To send it: jobstream signal 4711 approved',
  ],
  [{ reason: 'backoff', attempt: 1, until: at }, 'If the cause is gone: jobstream run-now 4711'],
  [{ reason: 'paused' }, 'When the reason is gone: jobstream types resume email'],
  [{ reason: 'paused', all: true }, 'When the reason is gone: jobstream types resume --all'],
  [{ reason: 'noWorker', announced: true }, 'Start the workers of email; jobstream workers has those that are gone.'],
  [
    { reason: 'noWorker', announced: false },
    'Start a worker for email, or correct the type if it is misspelt: jobstream types',
  ],
  [{ reason: 'concurrency' }, 'If that takes too long, start more workers or raise their concurrency.'],
  [{ reason: 'running', attempt: 1 }, undefined],
])('of a job with %j it says what to do', (waitingFor, advice) => {
  expect(explainJob({ ...job, waitingFor }, printer).advice).toBe(advice);
});

test('times and durations are shown as elsewhere, without what would steer a terminal', () => {
  const error = { name: 'SmtpError', message: 'no such\u001B[2J mailbox', stack: 'SmtpError\n    at deliver' };
  const retrying: Job = { ...job, status: 'retrying', error, waitingFor: { reason: 'backoff', attempt: 1, until: at } };
  expect(explainJob(retrying, printer).because).toBe(
    'Attempt 1 of 5 failed with SmtpError: no such mailbox. The next one begins at 12:34.\nSmtpError\n    at deliver',
  );
  const queued: Job = { ...job, waitingFor: { reason: 'queue', ahead: 1, estimateMs: 90_000 } };
  expect(explainJob(queued, printer).because).toBe('It waits for its turn; 1 job is ahead, for about 1m 30s.');
});

test('without a reason, doctor may know more', () => {
  expect(explainJob(job, printer)).toEqual({
    because: 'It is pending; why is not known while the log does not answer.',
    advice: 'jobstream doctor',
  });
});

test('a failed job tells its error, with the stack where the caller may see it, and how to run it again', () => {
  const error = { name: 'SmtpError', message: 'no such mailbox' };
  const failed: Job = { ...job, status: 'failed', attempt: 5, error };
  expect(explainJob(failed, printer)).toEqual({
    because: 'It has failed, in attempt 5 of 5: SmtpError: no such mailbox',
    advice: 'When the cause is gone: jobstream retry 4711',
  });
  const byDefinition = { settings: ['maxAttempts'], worker: 'w' } as const;
  expect(explainJob({ ...failed, byDefinition }, printer).because).toBe(
    'It has failed, in attempt 5 of 5, as its definition says: SmtpError: no such mailbox',
  );
  const stack = 'SmtpError: no such\u001B[2J mailbox\n    at connect (node:net:1:2)\n    at deliver (/srv/mail.js:7:3)';
  expect(explainJob({ ...failed, error: { ...error, stack } }, printer).because).toBe(
    'It has failed, in attempt 5 of 5: SmtpError: no such mailbox\nSmtpError: no such mailbox\n    at deliver (/srv/mail.js:7:3)\n    … 1 frame of Node and packages',
  );
});

test('a job that has ended well waits for nothing', () => {
  expect(explainJob({ ...job, status: 'completed' }, printer)).toEqual({ because: 'It has completed.' });
});
