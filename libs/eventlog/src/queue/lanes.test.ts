import { randomUUID } from 'node:crypto';
import type { Priority } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
import { silentSink } from '../connection/logSink.ts';
import { TooManyPriorityTypesError, TooManySignalTypesError } from '../errors.ts';
import { Lanes } from './lanes.ts';
import { removeWorkConsumers } from './consumers/workConsumers.ts';

const on = useEventLog();
let nats: NatsConnection;
let manager: JetStreamManager;
let jobType: string;

beforeAll(async () => {
  nats = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(nats);
});
afterAll(() => nats.close());
beforeEach(() => void (jobType = `type-${randomUUID()}`));

async function create(priority?: Priority): Promise<{ job: JobScript; sequence: number }> {
  const job = new JobScript({ jobType });
  return { job, sequence: await on.log.append(job.create(priority === undefined ? {} : { priority }), 0) };
}

/** The consumers of the type, as `<stream> <begin of its name>`. */
async function consumers(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const stream of ['JOBS', 'TIMERS'])
    for await (const { name } of manager.consumers.list(stream))
      if (name.endsWith(`-${jobType}`)) found.push(`${stream} ${name.slice(0, -jobType.length - 1)}`);
  return found.toSorted();
}

/** Whether the consumer of new jobs of a type and those of its lane `high` are paused. */
async function pauses(type: string): Promise<readonly boolean[]> {
  const names = [`JOBS worker-${type}`, `JOBS high-${type}`, `TIMERS high-${type}`];
  const infos = names.map((name) => manager.consumers.info(...(name.split(' ') as [string, string])));
  return (await Promise.all(infos)).map(({ paused }) => paused === true);
}

const PLAIN = ['JOBS requeued', 'JOBS worker', 'TIMERS due'];

describe('a lane of a job type', () => {
  test('begins with its first job, before that has a worker, and a type of normal jobs has none', async () => {
    await create();
    await create('normal');
    expect(await consumers()).toEqual([]);
    const { job, sequence } = await create('high');
    expect(await consumers()).toEqual(['JOBS high', ...PLAIN, 'TIMERS high'].toSorted());
    expect(await on.log.readJob(job.jobId)).toMatchObject({ job: { priority: 'high' }, sequence });
    await using queue = await openTestQueue(on.log, { jobType });
    await eventually(() => expect(queue.deliveries).toHaveLength(3));
    expect(queue.deliveries.filter(({ priority }) => priority === 'high')).toMatchObject([{ jobId: job.jobId }]);
  });

  test('of signals begins with the first one, and has no timers of its own', async () => {
    const { job, sequence } = await create();
    await using queue = await openTestQueue(on.log, { jobType });
    const signalled = await on.log.append(job.next({ kind: 'SignalJob', name: 'approved', payload: 1 }), sequence);
    expect(await consumers()).toEqual(['JOBS calls', ...PLAIN]);
    await eventually(() => expect(queue.deliveries).toHaveLength(2));
    const [, delivery] = queue.deliveries;
    expect(delivery).toMatchObject({ jobId: job.jobId, recorded: { sequence: signalled, isFirst: false } });
    expect(delivery?.priority).toBeUndefined();
  });

  test('that begins while a worker runs is found', async () => {
    await using queue = await openTestQueue(on.log, { jobType });
    expect(await consumers()).toEqual(PLAIN);
    const { job } = await create('low');
    await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId: job.jobId, priority: 'low' }]));
  });

  test('is the way of what is put back to work, and of timers', async () => {
    const { job, sequence } = await create('high');
    const cancelled = await on.log.append(job.next({ kind: 'CancelJob' }), sequence);
    const requeued = await on.log.append(job.next({ kind: 'RequeueJob' }), cancelled);
    await on.log.scheduleWake({ jobId: job.jobId, jobType, priority: 'high', at: '2020-01-01T00:00:00.000Z' });
    await using queue = await openTestQueue(on.log, { jobType });
    await eventually(() => expect(queue.deliveries).toHaveLength(3));
    expect(queue.deliveries.every(({ priority }) => priority === 'high')).toBe(true);
    expect(queue.deliveries.map(({ recorded }) => recorded?.sequence)).toContain(requeued);
    expect(queue.deliveries.filter(({ causationId }) => causationId.startsWith('timer:'))).toHaveLength(1);
  });

  test('has one winner of creations of its job in several, and with a key of another priority', async () => {
    const jobId = randomUUID();
    const creations = (['high', 'low', 'normal'] as const).map((priority) =>
      new JobScript({ jobId, jobType }).create({ priority, idempotencyKey: 'order-1' }),
    );
    const outcomes = await Promise.allSettled(creations.map((event) => on.log.append(event, 0)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await on.log.readHistory(jobId)).toHaveLength(1);
  });

  test('that is new to a paused type is paused, and resumed with it', async () => {
    await create('high');
    expect(await on.log.jobTypes.pause(jobType)).toMatchObject({ paused: true, backlog: 1 });
    await create('low');
    await using queue = await openTestQueue(on.log, { jobType });
    for (const stream of ['JOBS', 'TIMERS'])
      for (const lane of ['high', 'low'])
        expect(await manager.consumers.info(stream, `${lane}-${jobType}`)).toMatchObject({ paused: true });
    await on.log.jobTypes.resume(jobType);
    await eventually(() => expect(queue.deliveries).toHaveLength(2));
  });

  test('that begins while the type is paused or resumed is paused with it, or not at all', async () => {
    const jobTypes = Array.from({ length: 48 }, () => `type-${randomUUID()}`);
    for (const type of jobTypes) await on.log.jobTypes.pause(type);
    for (const [index, type] of jobTypes.entries()) {
      const isResumed = index % 2 === 0;
      if (!isResumed) await on.log.jobTypes.resume(type);
      const opening = on.log.lanes.open(type, 'high');
      // Each time a request later.
      for (let requests = 0; requests < index / 2; requests++) await manager.consumers.info('JOBS', `worker-${type}`);
      await (isResumed ? on.log.jobTypes.resume(type) : on.log.jobTypes.pause(type));
      await opening;
      const each = !isResumed;
      await eventually(async () => expect(await pauses(type)).toEqual([each, each, each]));
    }
  });

  test('whose consumer is gone holds up no other', async () => {
    const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    for (let jobs = 0; jobs < 40; jobs++) await create('high');
    await using queue = await openTestQueue(on.log, { jobType, concurrency: 1 }, async (delivery) => {
      begun.resolve();
      await gone.promise;
      delivery.ack();
    });
    await begun.promise;
    await manager.consumers.delete('JOBS', `high-${jobType}`);
    // More than its share of a round.
    for (let jobs = 0; jobs < 40; jobs++) await create();
    gone.resolve();
    await eventually(() => expect(queue.deliveries.filter(({ priority }) => priority === undefined)).toHaveLength(40));
  });

  test('counts among what waits, with the oldest', async () => {
    const { job } = await create('low');
    await create();
    const [recorded] = await on.log.readHistory(job.jobId);
    const { types } = await on.log.stats.backlog();
    expect(types.filter((one) => one.jobType === jobType)).toEqual([
      { jobType, backlog: 2, inFlight: 0, oldestAt: recorded?.recordedAt },
    ]);
  });

  test('is there again when the consumers of the type are, as long as it has jobs', async () => {
    await create('low');
    await removeWorkConsumers(manager, jobType);
    expect(await consumers()).toEqual([]);
    await using queue = await openTestQueue(on.log, { jobType });
    expect(await consumers()).toEqual(['JOBS low', ...PLAIN, 'TIMERS low'].toSorted());
    await eventually(() => expect(queue.deliveries).toHaveLength(1));
  });
});

describe('lanes', () => {
  test('are refused beyond so many types, and then nothing is stored', async () => {
    const lanes = new Lanes({ connection: { nats }, manager, createsConsumers: true, mostTypes: 0 });
    const event = new JobScript({ jobType }).create({ priority: 'high' });
    for (let tries = 0; tries < 2; tries++)
      await expect(lanes.openFor([event])).rejects.toThrow(TooManyPriorityTypesError);
    expect(await consumers()).toEqual([]);
    await on.log.append(event, 0);
    await lanes.open(jobType, 'low');
    expect(await consumers()).toEqual(['JOBS high', 'JOBS low', ...PLAIN, 'TIMERS high', 'TIMERS low'].toSorted());
  });

  test('of signals is refused where the priorities of other types have taken the room', async () => {
    const [other, third] = [`type-${randomUUID()}`, `type-${randomUUID()}`];
    const lanes = new Lanes({ connection: { nats }, manager, createsConsumers: true, mostTypes: 0 });
    await expect(lanes.open(other, 'signalled')).rejects.toThrow(TooManySignalTypesError);
    await expect(lanes.open(third, 'high')).rejects.toThrow(TooManyPriorityTypesError);
  });

  test('are opened by another process for one that may not create consumers', async () => {
    const opening = new Lanes({ connection: { nats }, manager, createsConsumers: true });
    onTestFinished(opening.serve(silentSink));
    const asking = new Lanes({ connection: { nats }, manager, createsConsumers: false });
    await asking.open(jobType, 'low');
    expect(await consumers()).toEqual(['JOBS low', ...PLAIN, 'TIMERS low'].toSorted());
  });

  test('that nobody opens make an append wait, and then unavailable', async () => {
    const asking = new Lanes({ connection: { nats }, manager, createsConsumers: false });
    await expect(asking.open(jobType, 'low')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });
});

test('three thousand jobs of each priority: low ones get their share, and all of it without the others', async () => {
  await using log = await openEventLog({ url: on.nats.url });
  const jobs = (priority: Priority, count: number) =>
    Array.from({ length: count }, () => new JobScript({ jobType }).create({ priority }));
  for (const priority of ['low', 'normal', 'high'] as const)
    for (let stored = 0; stored < 3_000; stored += 1_000) await log.appendAll(jobs(priority, 1_000));
  const started: (Priority | undefined)[] = [];
  await using _queue = await openTestQueue(log, { jobType, concurrency: 20 }, (delivery) => {
    started.push(delivery.priority ?? 'normal');
    delivery.ack();
  });
  await eventually(() => expect(started).toHaveLength(9_000));
  const contended = started.slice(0, started.indexOf('high', 2_000) + 1);
  const shareOf = (priority: Priority) => contended.filter((one) => one === priority).length / contended.length;
  expect(shareOf('low')).toBeGreaterThanOrEqual(0.04);
  expect(shareOf('high')).toBeGreaterThan(0.5);
  expect(new Set(started.slice(-1_000))).toEqual(new Set(['low']));
});
