import * as Schema from 'effect/Schema';
import { describe, expect, test } from 'vitest';
import { JobCommand } from './jobCommand.ts';
import { cancelJob, createJob, failAttempt, reportProgress, startAttempt } from '../../testing/jobCommands.ts';

const accepts = Schema.is(JobCommand);

describe('what a job may be created with', () => {
  test.each([
    ['one attempt', { maxAttempts: 1 }],
    ['a thousand attempts', { maxAttempts: 1_000 }],
    ['a deadline of one millisecond', { timeoutMs: 1 }],
    ['a deadline of seven days', { timeoutMs: 604_800_000 }],
    ['no tags', { tags: [] }],
    ['32 tags', { tags: Array.from({ length: 32 }, (_, n) => `tag-${n}`) }],
    ['a tag of 128 characters', { tags: ['x'.repeat(128)] }],
    ['a type of one letter', { jobType: 'a' }],
    ['a type of 63 characters', { jobType: `a${'-'.repeat(61)}9` }],
    ['a UUID of version 8', { jobId: '01980000-0000-8000-8000-000000000001' }],
  ])('%s', (_name, fields) => {
    expect(accepts(createJob(fields))).toBe(true);
  });

  test.each([
    ['no attempt', { maxAttempts: 0 }],
    ['too many attempts', { maxAttempts: 1_001 }],
    ['a fraction of an attempt', { maxAttempts: 1.5 }],
    ['no deadline', { timeoutMs: 0 }],
    ['a deadline beyond seven days', { timeoutMs: 604_800_001 }],
    ['33 tags', { tags: Array.from({ length: 33 }, () => 'tag') }],
    ['an empty tag', { tags: [''] }],
    ['a tag that is too long', { tags: ['x'.repeat(129)] }],
    ['an empty type', { jobType: '' }],
    ['a type that is too long', { jobType: 'a'.repeat(64) }],
    ['a type that begins with a digit', { jobType: '7up' }],
    ['a type with an upper-case letter', { jobType: 'eMail' }],
    ['a type with a wildcard', { jobType: 'a*' }],
    ['a type of two subject tokens', { jobType: 'a.b' }],
    ['a type with a line end', { jobType: 'email\n' }],
    ['an id that is no UUID', { jobId: 'job-1' }],
    ['an upper-case UUID', { jobId: '01980000-0000-7000-8000-00000000000A' }],
    ['a due time that does not exist', { runAt: '2026-02-30T00:00:00Z' }],
  ])('but not %s', (_name, fields) => {
    expect(accepts(createJob(fields))).toBe(false);
  });
});

test.each([
  ['the id of an event is empty', startAttempt({ eventId: '' })],
  ['the id of an event is too long', startAttempt({ eventId: 'x'.repeat(129) })],
  ['percent is below 0', reportProgress({ percent: -1 })],
  ['percent is above 100', reportProgress({ percent: 100.1 })],
  ['the attempt is 0', reportProgress({ attempt: 0 })],
  ['the chance is above 1', failAttempt({ random: 1.1 })],
  ['the duration is below 0', failAttempt({ durationMs: -1 })],
  ['the time is no time', cancelJob({ at: 'now' })],
])('a command is refused when %s', (_name, command) => {
  expect(accepts(command)).toBe(false);
});
