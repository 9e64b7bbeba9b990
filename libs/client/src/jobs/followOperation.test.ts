import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('an operation that is followed is asked for once in each interval, until it has ended', async () => {
  let requests = 0;
  const client = new JobstreamClient({
    url: 'http://jobs.test',
    fetch: async () => Response.json({ id: 'one', status: ++requests < 5 ? 'running' : 'completed' }),
  });
  const seen: string[] = [];
  const follow = async () => {
    for await (const { status } of client.operations.follow('one', { everyMs: 2_000 })) seen.push(status);
  };
  const following = follow();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(seen).toEqual(['running', 'running']);
  await vi.advanceTimersByTimeAsync(60_000);
  await following;
  expect(seen).toEqual(['running', 'running', 'running', 'running', 'completed']);
});
