import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
import type { Delivery } from './delivery.ts';
import type { TypeBacklog } from './logStats.ts';

interface Held {
  readonly delivery: Delivery;
  readonly release: () => void;
}

const on = useEventLog();
let jobType: string;

beforeEach(() => {
  jobType = `type-${randomUUID()}`;
});

async function createJob(
  options: { maxAttempts?: number } = {},
): Promise<{ job: JobScript; sequence: number; at: string }> {
  const job = new JobScript({ jobType });
  const sequence = await on.log.append(job.create(options), 0);
  const [recorded] = await on.log.readHistory(job.jobId);
  return { job, sequence, at: recorded?.recordedAt ?? '' };
}

async function backlog(): Promise<TypeBacklog | undefined> {
  return (await on.log.stats.backlog()).types.find((type) => type.jobType === jobType);
}

/** Opens a queue that holds its deliveries until they are released. */
async function openQueue(concurrency: number): Promise<Held[]> {
  const held: Held[] = [];
  await openTestQueue(on.log, { jobType, concurrency }, (delivery) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.push({ delivery, release: resolve });
    return promise;
  });
  await eventually(() => expect(held).toHaveLength(concurrency));
  return held;
}

test('a type that was never worked on is not listed', async () => {
  await createJob();
  expect(await backlog()).toBeUndefined();
});

test('pending jobs are counted apart from held ones, with the age of the oldest', async () => {
  const jobs = [await createJob(), await createJob(), await createJob()];
  await openQueue(1);
  expect(await backlog()).toEqual({ jobType, backlog: 2, inFlight: 1, oldestAt: jobs[1]?.at });
  expect(await backlog()).toEqual({ jobType, backlog: 2, inFlight: 1, oldestAt: jobs[1]?.at });
});

test('without pending jobs there is no oldest one, until the next job is created', async () => {
  await createJob();
  await openQueue(1);
  expect(await backlog()).toEqual({ jobType, backlog: 0, inFlight: 1 });
  const { at } = await createJob();
  await createJob();
  expect(await backlog()).toMatchObject({ backlog: 2, oldestAt: at });
});

test('the next job becomes the oldest when a worker has taken the one before', async () => {
  const jobs = [await createJob(), await createJob(), await createJob()];
  const held = await openQueue(1);
  expect(await backlog()).toMatchObject({ oldestAt: jobs[1]?.at });
  held[0]?.delivery.ack();
  held[0]?.release();
  await eventually(() => expect(held).toHaveLength(2));
  expect(await backlog()).toEqual({ jobType, backlog: 1, inFlight: 1, oldestAt: jobs[2]?.at });
});

test('the oldest job is found behind many messages of other types', async () => {
  await createJob();
  await openQueue(1);
  await Promise.all(Array.from({ length: 200 }, () => on.log.append(new JobScript().create(), 0)));
  const { at } = await createJob();
  await createJob();
  expect(await backlog()).toMatchObject({ backlog: 2, oldestAt: at });
});

test('a requeued job is pending from its requeue on', async () => {
  const first = await createJob({ maxAttempts: 1 });
  await openQueue(1);
  const failed = await on.log.append(first.job.start(), first.sequence);
  const sequence = await on.log.append(first.job.fail(), failed);
  await on.log.jobTypes.pause(jobType); // else the worker would hold it until its slot is free
  await on.log.append(first.job.next({ kind: 'RequeueJob' }), sequence);
  const history = await on.log.readHistory(first.job.jobId);
  expect(await backlog()).toMatchObject({ backlog: 1, oldestAt: history.at(-1)?.recordedAt });
});

test('timers are counted until they are due, and then as pending jobs', async () => {
  const { timers } = await on.log.stats.backlog();
  const { job } = await createJob();
  await openQueue(1);
  await on.log.scheduleWake({ jobId: job.jobId, jobType, at: new Date(Date.now() + 3_600_000).toISOString() });
  expect(await on.log.stats.backlog()).toMatchObject({ timers: timers + 1 });
  await on.log.scheduleWake({ jobId: job.jobId, jobType, at: new Date().toISOString() });
  await eventually(async () => expect(await backlog()).toMatchObject({ backlog: 0, inFlight: 2 }));
  expect(await on.log.stats.backlog()).toMatchObject({ timers });
});

test('a reader lags by the events it has not read, since the first of them was recorded', async () => {
  const last = await on.log.lastSequence();
  expect(await on.log.stats.lag(last)).toEqual({ events: 0 });
  const { at } = await createJob();
  await createJob();
  expect(await on.log.stats.lag(last)).toEqual({ events: 2, oldestAt: at });
});
