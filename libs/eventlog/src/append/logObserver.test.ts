import { startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LogObserver } from './logObserver.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

let nats: Awaited<ReturnType<typeof startNats>>;
let outcomes: string[];
let times: number[];
let batches: number[];

const observer: LogObserver = {
  appended: (outcome, ms) => {
    outcomes.push(outcome);
    times.push(ms);
  },
  batchSent: (appends) => batches.push(appends),
};

beforeAll(async () => {
  nats = await startNats();
});

afterAll(() => nats.stop());

beforeEach(() => {
  [outcomes, times, batches] = [[], [], []];
});

test('an observer receives each append once, with its outcome and duration', async () => {
  await using log = await openEventLog({ url: nats.url, observer });
  const began = performance.now();
  const job = new JobScript();
  const created = await log.append(job.create(), 0);
  await log.append(job.start(), created);
  await expect(log.append(job.complete(), created)).rejects.toThrow('has moved on');
  expect(outcomes).toEqual(['stored', 'stored', 'conflict']);
  expect(Math.min(...times)).toBeGreaterThan(0);
  expect(Math.max(...times)).toBeLessThanOrEqual(performance.now() - began);
});

test('an observer receives pending appends as a batch and one by one', async () => {
  await using log = await openEventLog({ url: nats.url, observer });
  await Promise.all(Array.from({ length: 100 }, () => log.append(new JobScript().create(), 0)));
  expect(outcomes).toEqual(Array.from({ length: 100 }, () => 'stored'));
  expect(batches).toEqual([100]);
});

test('a full batch is sent at once, and at most three are in flight', async () => {
  await using log = await openEventLog({ url: nats.url, observer });
  const appends = Array.from({ length: 1_600 }, () => log.append(new JobScript().create(), 0));
  expect(batches).toEqual([500, 500, 500]);
  await Promise.all(appends);
  expect(batches).toEqual([500, 500, 500, 100]);
});

test('an observer receives a batch with a conflict and its halves, and each of its appends with its own outcome', async () => {
  await using log = await openEventLog({ url: nats.url, observer });
  const jobs = Array.from({ length: 50 }, () => new JobScript());
  await Promise.allSettled(jobs.map((job, index) => log.append(job.create(), index === 7 ? 9_999 : 0)));
  expect(batches.slice(0, 3)).toEqual([50, 25, 25]);
  expect(outcomes.toSorted()).toEqual(['conflict', ...Array.from({ length: 49 }, () => 'stored')]);
});

test('an observer receives appends that were refused before they were sent', async () => {
  await using log = await openEventLog({ url: nats.url, observer, maxPending: 1 });
  const first = log.append(new JobScript().create(), 0);
  await expect(log.append(new JobScript().create(), 0)).rejects.toThrow('pending already');
  await first;
  await expect(log.append(new JobScript().create({ payload: 'x'.repeat(2_000_000) }), 0)).rejects.toThrow('bytes');
  expect(outcomes).toEqual(['overloaded', 'stored', 'too-large']);
});

test('an observer receives an append without an acknowledgement as unavailable', async () => {
  await using server = await startNats();
  await using log = await openEventLog({ url: server.url, observer, deadlineMs: 300 });
  await server.stop();
  await expect(log.append(new JobScript().create(), 0)).rejects.toThrow('not available');
  expect(outcomes).toEqual(['unavailable']);
});
