import type { JobEvent, JobstreamClient } from '@jobstream/client';
import { expect, test } from 'vitest';
import { LiveFeed, type ChangeBatch } from './liveFeed.ts';

/** More jobs than are told of in one moment. */
const MANY = 501;

function feedOf(events: readonly JobEvent[]): LiveFeed {
  const never = Promise.withResolvers<void>();
  const client = {
    async *events({ signal }: { signal: AbortSignal }) {
      signal.addEventListener('abort', () => never.resolve());
      yield* events;
      await never.promise;
    },
  };
  return new LiveFeed(client as unknown as JobstreamClient);
}

const created = (sequence: number) =>
  ({ event: 'JobStarted', sequence, jobId: `job-${sequence}`, jobType: 'email', version: 2, at: '' }) as JobEvent;

test('what was left out of a moment is read again, once the table has it', async () => {
  const feed = feedOf(Array.from({ length: MANY }, (_, index) => created(index + 1)));
  feed.noteTable(0);
  const told: ChangeBatch[] = [];
  const first = Promise.withResolvers<void>();
  const unsubscribe = feed.subscribe((batch) => first.resolve(void told.push(batch)));
  await first.promise;
  expect(told).toMatchObject([{ incomplete: false }]);
  feed.noteTable(MANY - 1);
  expect(told).toHaveLength(1);
  feed.noteTable(MANY);
  expect(told).toMatchObject([{ incomplete: false }, { incomplete: true }]);
  unsubscribe();
});
