import type { JobEvent } from '@jobstream/client';
import { expect, test } from 'vitest';
import { FeedGathering } from './feedGathering.ts';

const started = (sequence: number, jobId = `job-${sequence}`) =>
  ({ event: 'JobStarted', sequence, jobId, jobType: 'email', version: sequence, at: '' }) as unknown as JobEvent;

const ofOne = (sequence: number, event: string, data: object) =>
  ({ ...started(sequence, 'one'), event, data }) as unknown as JobEvent;

function gathering(position?: number): FeedGathering {
  const made = new FeedGathering();
  made.begin(position);
  return made;
}

test('what is taken begins where the last ended', () => {
  const feed = gathering(10);
  feed.add(started(12));
  expect(feed.take()).toMatchObject({ after: 10, until: 12, dropped: false });
  feed.add(started(15));
  expect(feed.take()).toMatchObject({ after: 12, until: 15, dropped: false });
});

test('of each job only the newest change is kept', () => {
  const feed = gathering(0);
  for (const sequence of [1, 2, 3]) feed.add(started(sequence, 'one'));
  expect(feed.take()?.changes).toEqual([expect.objectContaining({ jobId: 'one', version: 3 })]);
});

test('a job that is created and goes on in the same moment is a new one, with its tags and its last known status', () => {
  const feed = gathering(0);
  feed.add(ofOne(1, 'JobCreated', { tags: ['acme'] }));
  feed.add(ofOne(2, 'JobStarted', {}));
  feed.add(ofOne(3, 'JobPayloadChanged', {}));
  expect(feed.take()?.changes).toEqual([
    expect.objectContaining({ version: 3, isNew: true, tags: ['acme'], status: 'processing' }),
  ]);
});

test('at most 500 jobs are kept, and it is said that there were more', () => {
  const feed = gathering(0);
  for (let sequence = 1; sequence <= 501; sequence++) feed.add(started(sequence));
  feed.add(started(502, 'job-1'));
  const taken = feed.take();
  expect(taken).toMatchObject({ until: 502, dropped: true });
  expect(taken?.changes).toHaveLength(500);
  expect(taken?.changes[0]).toMatchObject({ jobId: 'job-1', version: 502 });
  feed.add(started(503));
  expect(feed.take()).toMatchObject({ after: 502, dropped: false });
});

test('nothing is taken where nothing happened, unless somebody asks for the position', () => {
  const feed = gathering(7);
  expect(feed.take()).toBeUndefined();
  feed.answer();
  expect(feed.take()).toEqual({ changes: [], after: 7, until: 7, dropped: false });
  expect(feed.take()).toBeUndefined();
});

test('a feed without a position begins with an unknown one', () => {
  const feed = gathering();
  feed.answer();
  expect(feed.take()).toBeUndefined();
  feed.add(started(5));
  expect(feed.take()).toMatchObject({ after: undefined, until: 5 });
});
