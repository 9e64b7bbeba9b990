import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { keeperStage } from '../../testing/keeperStage.ts';
import { PrefixReader } from './prefixReader.ts';

const stage = forEachTest(keeperStage);
const never = new AbortController().signal;

test('a chunk is what may be part of it, read when it is returned', async () => {
  const jobs = [await stage.create('first'), await stage.create('second'), await stage.create('third')];
  const reader = new PrefixReader(stage.eventLog.prefix);
  const limits = { first: 1, through: 3, end: 3, before: Infinity, size: 2 };
  const chunk = await reader.next(limits, never);
  expect(chunk).toMatchObject({ last: 2, definitions: new Map() });
  expect(chunk.jobs.map(({ jobId }) => jobId)).toEqual(jobs.slice(0, 2));
  const next = await reader.next({ ...limits, first: 3 }, never);
  expect(next).toMatchObject({ last: 3, jobs: [{ jobId: jobs[2], jobType: 'third' }] });
});

test('a reader of a log whose beginning has gone meanwhile starts behind it', async () => {
  await stage.create('gone');
  const jobId = await stage.create('kept');
  const limits = { first: 2, through: 2, end: 2, before: Infinity, size: 10 };
  const chunk = await new PrefixReader(stage.eventLog.prefix).next(limits, never);
  expect(chunk).toMatchObject({ last: 2, jobs: [{ jobId, jobType: 'kept' }] });
});
