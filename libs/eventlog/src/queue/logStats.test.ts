import { eventually, startNats } from '@jobstream/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Delivery } from './delivery.ts';
import type { EventLog } from '../eventLog.ts';
import type { TypeBacklog } from './logStats.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

interface Held {
  readonly delivery: Delivery;
  readonly letGo: () => void;
}

let nats: Awaited<ReturnType<typeof startNats>>;
let log: EventLog;
let jobType: string;
let types = 0;

beforeAll(async () => {
  nats = await startNats();
  log = await openEventLog({ url: nats.url });
});

afterAll(async () => {
  await log.stop();
  await nats.stop();
});

beforeEach(() => {
  jobType = `type-${++types}`;
});

async function createJob(
  options: { maxAttempts?: number } = {},
): Promise<{ job: JobScript; sequence: number; at: string }> {
  const job = new JobScript({ jobType });
  const sequence = await log.append(job.create(options), 0);
  const [recorded] = await log.readHistory(job.jobId);
  return { job, sequence, at: recorded?.recordedAt ?? '' };
}

async function backlog(): Promise<TypeBacklog | undefined> {
  return (await log.stats.backlog()).types.find((type) => type.jobType === jobType);
}

/** A queue that holds what it gets, until a delivery is let go. */
async function openQueue(concurrency: number): Promise<Held[]> {
  const held: Held[] = [];
  const onDelivery = (delivery: Delivery) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.push({ delivery, letGo: resolve });
    return promise;
  };
  await log.openQueue({ jobType, concurrency, ackWaitMs: 60_000, onDelivery });
  await eventually(() => expect(held).toHaveLength(concurrency));
  return held;
}

test('a type that nobody ever worked on is not there', async () => {
  await createJob();
  expect(await backlog()).toBeUndefined();
});

test('what waits is counted apart from what is held, and is as old as its first job', async () => {
  const jobs = [await createJob(), await createJob(), await createJob()];
  await openQueue(1);
  expect(await backlog()).toEqual({ jobType, backlog: 2, inFlight: 1, oldestAt: jobs[1]?.at });
  expect(await backlog()).toEqual({ jobType, backlog: 2, inFlight: 1, oldestAt: jobs[1]?.at });
});

test('when all is held there is no oldest job, and the next one that comes is it', async () => {
  await createJob();
  await openQueue(1);
  expect(await backlog()).toEqual({ jobType, backlog: 0, inFlight: 1 });
  const { at } = await createJob();
  await createJob();
  expect(await backlog()).toMatchObject({ backlog: 2, oldestAt: at });
});

test('the oldest job is the next one when a worker has taken it', async () => {
  const jobs = [await createJob(), await createJob(), await createJob()];
  const held = await openQueue(1);
  expect(await backlog()).toMatchObject({ oldestAt: jobs[1]?.at });
  held[0]?.delivery.ack();
  held[0]?.letGo();
  await eventually(() => expect(held).toHaveLength(2));
  expect(await backlog()).toEqual({ jobType, backlog: 1, inFlight: 1, oldestAt: jobs[2]?.at });
});

test('the oldest job is found behind many messages of other types', async () => {
  await createJob();
  await openQueue(1);
  await Promise.all(Array.from({ length: 200 }, () => log.append(new JobScript().create(), 0)));
  const { at } = await createJob();
  await createJob();
  expect(await backlog()).toMatchObject({ backlog: 2, oldestAt: at });
});

test('a requeued job waits from then on', async () => {
  const first = await createJob({ maxAttempts: 1 });
  await openQueue(1);
  const failed = await log.append(first.job.start(), first.sequence);
  const sequence = await log.append(first.job.fail(), failed);
  await log.jobTypes.pause(jobType); // or the worker would hold it until its slot is free
  await log.append(first.job.next({ kind: 'RequeueJob' }), sequence);
  const history = await log.readHistory(first.job.jobId);
  expect(await backlog()).toMatchObject({ backlog: 1, oldestAt: history.at(-1)?.recordedAt });
});

test('timers are counted until they are due, and then they are work like other messages', async () => {
  const { timers } = await log.stats.backlog();
  const { job } = await createJob();
  await openQueue(1);
  await log.scheduleWake({ jobId: job.jobId, jobType, at: new Date(Date.now() + 3_600_000).toISOString() });
  expect(await log.stats.backlog()).toMatchObject({ timers: timers + 1 });
  await log.scheduleWake({ jobId: job.jobId, jobType, at: new Date().toISOString() });
  await eventually(async () => expect(await backlog()).toMatchObject({ backlog: 0, inFlight: 2 }));
  expect(await log.stats.backlog()).toMatchObject({ timers });
});

test('a reader is behind by what it has not read, since the first of that was recorded', async () => {
  const last = await log.lastSequence();
  expect(await log.stats.lag(last)).toEqual({ events: 0 });
  const { at } = await createJob();
  await createJob();
  expect(await log.stats.lag(last)).toEqual({ events: 2, oldestAt: at });
});
