import { evolve } from '@jobstream/domain';
import type { Job } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { JobEvents } from '../../testing/jobEvents.ts';
import { jobWriteOf } from './writeJobRows.ts';
import type { JobWrite } from './writeJobRows.ts';
import { JobStateCache } from './jobStateCache.ts';

function writeOfFailing(message: string): JobWrite {
  const job = new JobEvents();
  const error = { name: 'Error', message };
  const events = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobRetryScheduled', { error })];
  const after = events.reduce<Job | undefined>(evolve, undefined);
  if (after === undefined) throw new Error('the job was not created');
  return jobWriteOf({ before: undefined, after, sequence: 3 });
}

test.each([
  ['is cached with a short error', 400, true],
  ['is not cached with a long one', 600, false],
])('a job that is written %s', (_name, length, isKept) => {
  const recent = new JobStateCache();
  const write = writeOfFailing('x'.repeat(length));
  recent.remember([write]);
  expect(recent.get(write.job.id)).toBeDefined();
  recent.committed([write]);
  expect(recent.get(write.job.id) !== undefined).toBe(isKept);
});

test('of a job that is written again before its first write is committed, the newer state counts', () => {
  const recent = new JobStateCache();
  const long = writeOfFailing('x'.repeat(600));
  recent.remember([long]);
  recent.remember([{ ...long, error: null, job: { ...long.job, version: 4 } }]);
  expect(recent.get(long.job.id)).toMatchObject({ version: 4 });
});

test('of more than 50,000 jobs those written last are cached', () => {
  const recent = new JobStateCache();
  const write = writeOfFailing('x');
  const writes = Array.from({ length: 50_000 }, (_, index) => ({
    ...write,
    job: { ...write.job, id: `job ${index}` },
  }));
  const [first, second] = writes;
  recent.remember(writes);
  recent.remember(writes.slice(0, 1));
  recent.remember([write]);
  expect(first && recent.get(first.job.id)).toBeDefined();
  expect(second && recent.get(second.job.id)).toBeUndefined();
  expect(recent.get(write.job.id)).toBeDefined();
});

test('what is cleared is read again, also what was being written', () => {
  const recent = new JobStateCache();
  const writes = [writeOfFailing('x'), writeOfFailing('x'.repeat(600))];
  recent.remember(writes);
  recent.clear();
  expect(writes.map(({ job }) => recent.get(job.id))).toEqual([undefined, undefined]);
});
