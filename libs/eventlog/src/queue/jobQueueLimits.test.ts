import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue, type Handle } from '../../testing/openTestQueue.ts';
import type { JobQueueOptions } from './jobQueueOptions.ts';
import type { JobTypeInfo } from './jobTypeControl.ts';

const on = useEventLog({ deadlineMs: 20_000 });

/** A job type of its own for each test, since they share the server. */
const newType = () => `type-${randomUUID()}`;

/** Opens a queue that acknowledges each delivery after `handle`. */
function openQueue(jobType: string, options: Partial<JobQueueOptions> = {}, handle: Handle = () => undefined) {
  return openTestQueue(on.log, { concurrency: 100, ...options, jobType }, async (delivery) => {
    const started = await handle(delivery);
    delivery.ack();
    return started;
  });
}

function createJobs(jobType: string, count: number, payload?: unknown): Promise<number[]> {
  const creation = () => new JobScript({ jobType }).create(payload === undefined ? {} : { payload });
  return Promise.all(Array.from({ length: count }, () => on.log.append(creation(), 0)));
}

async function wakeJobs(jobType: string, count: number): Promise<void> {
  const at = new Date().toISOString();
  const wakes = Array.from({ length: count }, () => ({ jobId: randomUUID(), jobType, at }));
  await Promise.all(wakes.map((wake) => on.log.scheduleWake(wake)));
}

/** Creates jobs pending in both streams. */
async function createBacklog(jobType: string, { created, due }: { created: number; due: number }): Promise<void> {
  await createJobs(jobType, created);
  await wakeJobs(jobType, due);
  await eventually(async () => expect((await on.log.jobTypes.pause(jobType)).backlog).toBe(created + due));
  await on.log.jobTypes.resume(jobType);
}

async function infoOf(type: string): Promise<JobTypeInfo> {
  const info = (await on.log.jobTypes.list()).find(({ jobType }) => jobType === type);
  if (info === undefined) throw new Error(`no consumers of ${type}`);
  return info;
}

/** Waits until a job created for another type is delivered, by when earlier jobs could have been, too. */
async function laterJobIsDelivered(): Promise<void> {
  const jobType = newType();
  await using queue = await openQueue(jobType);
  await createJobs(jobType, 1);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
}

test('a rate holds for all sources together, and waiting jobs are neither lost nor delivered twice', async () => {
  const jobType = newType();
  await createBacklog(jobType, { created: 8, due: 4 });
  const starts: number[] = [];
  const rate = { starts: 5, perMs: 1_000 };
  await using queue = await openQueue(jobType, { rate }, () => void starts.push(performance.now()));
  await eventually(() => expect(starts.length).toBeGreaterThanOrEqual(5));
  // Their acknowledgements may still be in flight.
  await eventually(async () => expect((await infoOf(jobType)).inFlight).toBeLessThanOrEqual(5));
  await eventually(() => expect(starts).toHaveLength(12));
  // Never early; the tolerance is for a pause of this process before the time is recorded.
  for (const [index, at] of starts.slice(5).entries()) {
    expect(at - (starts[index] ?? 0)).toBeGreaterThan(rate.perMs - 100);
  }
  expect(queue.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual(Array.from({ length: 12 }, () => 1));
});

test('deliveries that start nothing do not count against the rate', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType, { rate: { starts: 2, perMs: 3_600_000 } }, () => false);
  await createJobs(jobType, 20);
  await eventually(() => expect(queue.deliveries).toHaveLength(20));
});

test('jobs beyond the rate of one process are left to other processes', async () => {
  const jobType = newType();
  await using slow = await openQueue(jobType, { rate: { starts: 1, perMs: 3_600_000 } });
  await createJobs(jobType, 10);
  await eventually(() => expect(slow.deliveries).toHaveLength(1));
  await using other = await openQueue(jobType);
  await eventually(() => expect(other.deliveries).toHaveLength(9));
});

test('a stop does not wait for the rate: waiting deliveries are handed back at once', async () => {
  const jobType = newType();
  await createBacklog(jobType, { created: 2, due: 2 });
  const slow = await openQueue(jobType, { rate: { starts: 2, perMs: 3_600_000 }, ackWaitMs: 600_000 });
  await eventually(() => expect(slow.deliveries).toHaveLength(2));
  await slow[Symbol.asyncDispose]();
  await using other = await openQueue(jobType, { ackWaitMs: 600_000 });
  await eventually(() => expect(other.deliveries).toHaveLength(2));
});

test('a paused type starts no job, not even a held one; running jobs go on; a resume starts the rest', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(jobType, { concurrency: 1 }, () => gate.promise);
  await createJobs(jobType, 1);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  await wakeJobs(jobType, 1);
  await eventually(async () => expect((await infoOf(jobType)).inFlight).toBe(2));
  expect(await on.log.jobTypes.pause(jobType)).toMatchObject({ jobType, paused: true });
  await createJobs(jobType, 1);
  gate.resolve();
  await laterJobIsDelivered();
  expect(queue.deliveries).toHaveLength(1);
  expect(await on.log.jobTypes.resume(jobType)).toMatchObject({ paused: false });
  await eventually(() => expect(queue.deliveries).toHaveLength(3));
});

test('a pause is kept through a kill of the server and a start of workers with other settings', async () => {
  const jobType = newType();
  await (await openQueue(jobType))[Symbol.asyncDispose]();
  const note = {
    by: { kind: 'user', id: 'ada' },
    at: '2026-01-31T09:30:00.000Z',
    reason: 'the mail server is down',
  } as const;
  await on.log.jobTypes.pause(jobType, { note });
  await on.nats.kill('SIGKILL');
  await on.nats.restart();
  await eventually(() => expect(on.log.isConnected()).toBe(true));
  await using queue = await openQueue(jobType, {
    ackWaitMs: 30_000,
    concurrency: 7,
    rate: { starts: 3, perMs: 1_000 },
  });
  await createJobs(jobType, 1);
  await laterJobIsDelivered();
  expect(queue.deliveries).toEqual([]);
  const limits = { concurrency: 7, rate: { starts: 3, perMs: 1_000 } };
  expect(await infoOf(jobType)).toEqual({
    jobType,
    paused: true,
    pause: note,
    backlog: 1,
    inFlight: 0,
    hasRoom: true,
    limits,
  });
  await on.log.jobTypes.resume(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
});

test('a type without workers can be paused before its first one starts', async () => {
  const jobType = newType();
  expect(await on.log.jobTypes.resume(jobType)).toBeUndefined();
  await createJobs(jobType, 2);
  const paused = { jobType, paused: true, backlog: 2, inFlight: 0, hasRoom: false };
  expect(await on.log.jobTypes.pause(jobType)).toEqual(paused);
  expect(await on.log.jobTypes.pause(jobType)).toEqual(paused);
  await using queue = await openQueue(jobType);
  await laterJobIsDelivered();
  expect(queue.deliveries).toEqual([]);
  await on.log.jobTypes.resume(jobType);
  await on.log.jobTypes.resume(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
});

test('a pause with an end is reported with it and ends by itself', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType);
  const far = new Date(Date.now() + 3_600_000).toISOString();
  expect(await on.log.jobTypes.pause(jobType, { until: far })).toMatchObject({ paused: true, pausedUntil: far });
  const until = new Date(Date.now() + 1_500).toISOString();
  await on.log.jobTypes.pause(jobType, { until });
  await createJobs(jobType, 1);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
  expect(await infoOf(jobType)).toMatchObject({ paused: false });
});

test('a pause that is set without saying by whom has no note of an earlier one', async () => {
  const jobType = newType();
  const note = { by: { kind: 'user', id: 'ada' }, at: '2026-01-31T09:30:00.000Z' } as const;
  await createJobs(jobType, 1);
  expect(await on.log.jobTypes.pause(jobType, { note })).toMatchObject({ pause: note });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  expect(await on.log.jobTypes.pause(jobType, { until })).not.toHaveProperty('pause');
  expect(await on.log.jobTypes.pause(jobType, { until, note })).toMatchObject({ pause: note });
  expect(await on.log.jobTypes.resume(jobType)).not.toHaveProperty('pause');
});

const ada = { by: { kind: 'user', id: 'ada' }, at: '2026-01-31T09:30:00.000Z', reason: 'move' } as const;

test('all types are paused with a note, and so are announced ones and those that appear later; a resume starts them', async () => {
  const [known, announced, later] = [newType(), newType(), newType()];
  await using queue = await openQueue(known);
  const infos = await on.log.jobTypes.pauseAll([announced], { note: ada });
  const ofAll = { paused: true, pause: { ...ada, all: true } };
  for (const jobType of [known, announced]) expect(infos.find((info) => info.jobType === jobType)).toMatchObject(ofAll);
  await using laterQueue = await openQueue(later);
  for (const jobType of [known, later]) await createJobs(jobType, 1);
  // The server counts what a consumer has before it in a moment after it has acknowledged it.
  await expect.poll(() => infoOf(later)).toMatchObject({ ...ofAll, backlog: 1 });
  expect([...queue.deliveries, ...laterQueue.deliveries]).toEqual([]);
  for (const info of await on.log.jobTypes.resumeAll()) expect(info).toMatchObject({ paused: false });
  for (const { deliveries } of [queue, laterQueue]) await eventually(() => expect(deliveries).toHaveLength(1));
  await using _notPaused = await openQueue(announced);
  expect(await infoOf(announced)).toMatchObject({ paused: false });
});

test('a type that was paused alone, and for longer, stays so when all are paused and resumed', async () => {
  const [forever, briefly, again] = [newType(), newType(), newType()];
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const alone = { ...ada, reason: 'alone' };
  await on.log.jobTypes.pause(forever, { note: alone });
  await on.log.jobTypes.pause(briefly, { until: inAnHour, note: alone });
  await on.log.jobTypes.pauseAll([again], { note: ada });
  await on.log.jobTypes.pause(again, { note: alone });
  expect([await infoOf(forever), await infoOf(briefly)]).toMatchObject([
    { pause: alone },
    { pause: { reason: 'move', all: true } },
  ]);
  await on.log.jobTypes.resumeAll();
  expect([await infoOf(forever), await infoOf(briefly), await infoOf(again)]).toMatchObject([
    { paused: true, pause: alone },
    { paused: false },
    { paused: true, pause: alone },
  ]);
  for (const jobType of [forever, again]) await on.log.jobTypes.resume(jobType);
});

test('pausing all again replaces the reason and the end', async () => {
  const jobType = newType();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await on.log.jobTypes.pauseAll([jobType], { note: ada });
  await on.log.jobTypes.pauseAll([], { until, note: { ...ada, reason: 'longer' } });
  expect(await infoOf(jobType)).toMatchObject({ pausedUntil: until, pause: { reason: 'longer', all: true } });
  await on.log.jobTypes.resumeAll();
});

test('a worker has room while it has asked for the next job', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(jobType, { concurrency: 1 }, () => gate.promise);
  await eventually(async () => expect(await infoOf(jobType)).toMatchObject({ hasRoom: true }));
  await createJobs(jobType, 2);
  await eventually(async () => expect(await infoOf(jobType)).toMatchObject({ hasRoom: false, inFlight: 1 }));
  gate.resolve();
  await eventually(async () => expect(await infoOf(jobType)).toMatchObject({ hasRoom: true, inFlight: 0 }));
  expect(queue.deliveries).toHaveLength(2);
});

test('claims at most 8 MB of large jobs ahead of its slots', async () => {
  const jobType = newType();
  let [claiming, most] = [0, 0];
  await using queue = await openQueue(jobType, { concurrency: 10, ackWaitMs: 600_000 }, async (delivery) => {
    most = Math.max(most, ++claiming);
    await on.log.lastSequence();
    claiming--;
    await delivery.acquireSlot();
  });
  for (let created = 0; created < 150; created += 50) await createJobs(jobType, 50, 'x'.repeat(200_000));
  await eventually(() => expect(queue.deliveries.length).toBe(150));
  expect(most).toBeGreaterThan(10);
  expect(most).toBeLessThanOrEqual(10 + 8_000_000 / 200_000);
});
