import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JobstreamClient } from '../jobstreamClient.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An API that answers every wait after `afterMs` with a job that runs, and only the 1,000th with one that has ended. */
function unfinishedFor1000Requests(afterMs: number) {
  const requests: string[] = [];
  const client = new JobstreamClient({
    url: 'http://jobs.test',
    fetch: async (address) => {
      requests.push(address instanceof URL ? address.search : '');
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      return Response.json({ id: 'job-1', status: requests.length < 1_000 ? 'processing' : 'completed' });
    },
  });
  return { requests, client };
}

test.each([
  ['at once: pauses grow up to 5 s', 0, 30],
  ['when the wait is over: it asks again without a pause', 25_000, 3],
])('waitForCompletion asks seldom while the API answers with an unfinished job %s', async (_how, afterMs, atMost) => {
  const { requests, client } = unfinishedFor1000Requests(afterMs);
  const stop = new AbortController();
  const waiting = client.jobs.waitForCompletion('job-1', { signal: stop.signal });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests.length).toBeGreaterThan(2);
  expect(requests.length).toBeLessThanOrEqual(atMost);
  expect(requests.every((search) => search === '?wait=25s')).toBe(true);
  stop.abort(new Error('enough'));
  await expect(Promise.all([waiting, vi.advanceTimersByTimeAsync(60_000)])).rejects.toThrow('enough');
});
