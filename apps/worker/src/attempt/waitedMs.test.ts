import { expect, test } from 'vitest';
import { testJob } from '../../testing/testJob.ts';
import { waitedMs } from './waitedMs.ts';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;

test.each([
  ['a new job waits from its creation', { status: 'pending', updatedAt: at(1) }, 4_000],
  ['a delayed job waits from its due time', { status: 'scheduled', updatedAt: at(1), runAt: at(3) }, 2_000],
  ['a retry waits from its due time', { status: 'retrying', updatedAt: at(2), runAt: at(4) }, 1_000],
  [
    'a requeued job waits from then, not from its old due time',
    { status: 'pending', updatedAt: at(4), runAt: at(1) },
    1_000,
  ],
  ['a clock that is behind makes no negative wait', { status: 'pending', updatedAt: at(9) }, 0],
  ['a job that was running elsewhere did not wait', { status: 'processing', updatedAt: at(1) }, undefined],
] as const)('%s', (_name, fields, ms) => {
  expect(waitedMs(testJob(fields), at(5))).toBe(ms);
});
