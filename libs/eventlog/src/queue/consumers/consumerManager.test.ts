import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { TypeAnnouncement } from '../../announcements/typeAnnouncement.ts';
import type { TypeRegistry } from '../../announcements/typeRegistry.ts';
import { announced, beating } from '../../../testing/announced.ts';
import { JobScript } from '../../../testing/jobScript.ts';
import { openEventLog, useEventLog } from '../../../testing/openEventLog.ts';
import { publishRaw } from '../../../testing/publishRaw.ts';
import { ScheduleScript } from '../../../testing/scheduleScript.ts';
import { ConsumerManager } from './consumerManager.ts';

const CHECK_MS = 100;
const MOST_TYPES = 12;
/** The server forgets a heartbeat after 12 s. */
const BEAT_MS = 3_000;
const on = useEventLog({
  managesConsumers: { ackWaitMs: 7_000, checkMs: CHECK_MS, allKnownMs: 100, mostTypes: MOST_TYPES },
});
let connection: NatsConnection;
let manager: JetStreamManager;
let registry: TypeRegistry;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(connection);
  registry = await on.log.announcements.openRegistry();
});

/** The living workers, with what repeats their heartbeats. */
const workers = new Map<string, NodeJS.Timeout>();

async function removeWorker(worker: string): Promise<void> {
  clearInterval(workers.get(worker));
  workers.delete(worker);
  await on.log.announcements.removeWorker(worker);
}

afterEach(async () => {
  for (const worker of workers.keys()) await removeWorker(worker);
});

afterAll(() => connection.close());

/** A job type of its own for each test, since they share the server. */
const newType = () => `type-${randomUUID()}`;

/** A worker that announces what is given and lives until it is removed, at the end of the test at the latest. */
async function workerOf(types: readonly string[], ...announcements: Partial<TypeAnnouncement>[]): Promise<string> {
  const worker = `worker-${randomUUID()}`;
  for (const announcement of announcements) await on.log.announcements.announceType(announced(worker, announcement));
  const beat = () => on.log.announcements.heartbeat(beating(worker, { types }));
  await beat();
  workers.set(
    worker,
    setInterval(() => void beat().catch(() => {}), BEAT_MS),
  );
  return worker;
}

const infosOf = (jobType: string) => {
  const names = [
    ['JOBS', `worker-${jobType}`],
    ['JOBS', `requeued-${jobType}`],
    ['TIMERS', `due-${jobType}`],
  ] as const;
  return Promise.all(names.map(([stream, name]) => manager.consumers.info(stream, name)));
};

/** Returns the settings of the consumers of a type, once it has all three. */
const consumersOf = async (jobType: string) => (await eventually(() => infosOf(jobType))).map(({ config }) => config);

/** Returns the names of all consumers. */
async function allConsumers(): Promise<readonly string[]> {
  const names: string[] = [];
  for (const stream of ['JOBS', 'TIMERS'])
    for await (const { name } of manager.consumers.list(stream)) names.push(name);
  return names;
}

const waitOf = async (jobType: string) => (await consumersOf(jobType)).map(({ ack_wait: wait = 0 }) => wait / SECOND);

const SECOND = 1_000_000_000;
const BACKOFF = { type: 'fixed', delayMs: 10 } as const;

test('a type has its consumers after the heartbeat of a worker, and they deliver the jobs from before', async () => {
  const jobType = newType();
  await on.log.append(new JobScript({ jobType }).create(), 0);
  await workerOf([jobType]);
  const [worker, requeued, due] = await consumersOf(jobType);
  expect(worker).toMatchObject({ filter_subjects: [`jobs.${jobType}.*.created`], ack_wait: 7 * SECOND });
  expect(requeued).toMatchObject({ filter_subjects: [`jobs.${jobType}.*.requeued`], max_ack_pending: 10_000 });
  expect(due).toMatchObject({ filter_subject: `timers.due.${jobType}`, max_ack_pending: 50_000 });
  expect((await infosOf(jobType))[0]?.num_pending).toBe(1);
});

test('jobs, schedules and announcements without a living worker cost no consumers', async () => {
  const [one, batch, scheduled, announcedOnly, handled] = [newType(), newType(), newType(), newType(), newType()];
  const job = { payload: {}, maxAttempts: 1, backoff: BACKOFF, timeoutMs: 1_000, tags: [] };
  await on.log.append(new JobScript({ jobType: one }).create(), 0);
  await on.log.appendAll([new JobScript({ jobType: batch }).create()]);
  await on.log.schedules.append(new ScheduleScript(newType()).create({ job: { type: scheduled, ...job } }), 0);
  await on.log.announcements.announceType(announced('gone', { type: announcedOnly }));
  await eventually(() => expect(registry.type(announcedOnly)).toBeDefined());
  // With the consumers of the second one, all of the first plan are there.
  for (const jobType of [handled, newType()]) {
    await workerOf([jobType]);
    await consumersOf(jobType);
  }
  const names = (await allConsumers()).join();
  for (const jobType of [one, batch, scheduled, announcedOnly]) expect(names).not.toContain(jobType);
});

test('what no job type can be called gets no consumers', async () => {
  const odd = ['__proto__', 'UPPER', '%00', '$settings', 'a b'];
  const jobType = newType();
  for (const name of odd.filter((one) => !one.includes(' ')))
    await publishRaw(on.nats.url, `types.${name}.odd`, JSON.stringify({ v: 1, ...announced('odd', { type: name }) }));
  await workerOf([...odd, jobType]);
  await consumersOf(jobType);
  const names = (await allConsumers()).join();
  for (const name of odd) expect(names).not.toContain(name);
});

test('a handled type has the wait and the limits of the worker that started last', async () => {
  const type = newType();
  const started = (day: number, ackWaitMs: number) =>
    workerOf([type], { type, startedAt: `2026-01-0${day}T00:00:00Z`, ackWaitMs, limits: { concurrency: day } });
  await started(2, 2_000);
  await eventually(async () => expect(await waitOf(type)).toEqual([2, 2, 2]));
  await started(3, 3_000);
  await started(1, 1_000);
  const later = newType();
  await workerOf([later]);
  await consumersOf(later);
  await eventually(async () => expect(await waitOf(type)).toEqual([3, 3, 3]));
  for (const { metadata } of await consumersOf(type)) expect(metadata?.['jobstream-limits']).toBe('{"concurrency":3}');
});

test('what a worker announces that sends no heartbeat counts for nothing', async () => {
  const type = newType();
  const forged = { type, startedAt: new Date(on.log.clock.now()).toISOString(), ackWaitMs: 50_000 };
  await on.log.announcements.announceType(announced('gone', forged));
  await workerOf([type], { type, ackWaitMs: 2_000, limits: { concurrency: 2 } });
  await eventually(async () => expect(await waitOf(type)).toEqual([2, 2, 2]));
  for (const { metadata } of await consumersOf(type)) expect(metadata?.['jobstream-limits']).toBe('{"concurrency":2}');
});

test('an announced wait is kept within bounds', async () => {
  const [short, long] = [newType(), newType()];
  await workerOf([short, long], { type: short, ackWaitMs: 1 }, { type: long, ackWaitMs: 3_600_000 });
  await eventually(async () => expect(await waitOf(short)).toEqual([0.5, 0.5, 0.5]));
  await eventually(async () => expect(await waitOf(long)).toEqual([60, 60, 60]));
});

test('a start that is ahead of the clock of the server counts as the time of its announcement', async () => {
  const type = newType();
  await workerOf([type], { type, startedAt: '2199-01-01T00:00:00Z', ackWaitMs: 60_000 });
  await eventually(async () => expect(await waitOf(type)).toEqual([60, 60, 60]));
  await workerOf([type], { type, startedAt: new Date(on.log.clock.now() + 1_000).toISOString(), ackWaitMs: 2_000 });
  await eventually(async () => expect(await waitOf(type)).toEqual([2, 2, 2]));
});

test('what a worker has announced ends with its removal', async () => {
  const type = newType();
  const worker = await workerOf([type], { type, ackWaitMs: 50_000 });
  await eventually(async () => expect(await waitOf(type)).toEqual([50, 50, 50]));
  await take(type);
  await removeWorker(worker);
  await eventually(async () => expect(await waitOf(type)).toEqual([7, 7, 7]));
});

/** Creates a job and takes it. */
async function take(jobType: string): Promise<void> {
  await on.log.append(new JobScript({ jobType }).create(), 0);
  const consumer = await jetstream(connection).consumers.get('JOBS', `worker-${jobType}`);
  await (await consumer.next())?.ackAck();
}

test('a job that a killed worker holds comes again after the usual wait, although somebody had announced a long one', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, managesConsumers: { ackWaitMs: 500, allKnownMs: 100 } });
  await log.announcements.openRegistry();
  const client = await connect({ servers: nats.url });
  onTestFinished(() => client.close());
  await log.announcements.announceType(
    announced('forger', { type: 'email', startedAt: '2199-01-01T00:00:00Z', ackWaitMs: 3_600_000 }),
  );
  await log.announcements.heartbeat(beating('forger', { types: ['email'] }));
  const consumer = await eventually(() => jetstream(client).consumers.get('JOBS', 'worker-email'));
  await eventually(async () => expect((await consumer.info()).config.ack_wait).toBeGreaterThanOrEqual(60 * SECOND));
  await log.append(new JobScript({ jobType: 'email' }).create(), 0);
  expect((await consumer.next())?.info.deliveryCount).toBe(1);
  await log.announcements.removeWorker('forger');
  expect((await consumer.next({ expires: 30_000 }))?.info.deliveryCount).toBe(2);
});

test('consumers that have delivered nothing are removed with the last worker, the others stay', async () => {
  const [unused, used, paused, later] = [newType(), newType(), newType(), newType()];
  const worker = await workerOf([unused, used, paused]);
  for (const jobType of [unused, used, paused]) await consumersOf(jobType);
  await take(used);
  await on.log.jobTypes.pause(paused);
  await removeWorker(worker);
  await eventually(async () => expect((await allConsumers()).join()).not.toContain(unused));
  await workerOf([later]);
  await consumersOf(later);
  for (const jobType of [used, paused]) expect(await infosOf(jobType)).toHaveLength(3);
  await workerOf([unused]);
  await consumersOf(unused);
});

test('no more types than there is room for have consumers, and one that goes makes room', async () => {
  const many = Array.from({ length: MOST_TYPES + 3 }, (_, index) => `many-${String(index).padStart(2, '0')}`);
  const found = async () => {
    const names = await allConsumers();
    return names.filter((name) => name.startsWith('worker-')).length;
  };
  const worker = await workerOf(many);
  await eventually(async () => expect(await found()).toBe(MOST_TYPES));
  const last = many.at(-1) ?? '';
  expect((await allConsumers()).join()).not.toContain(last);
  await workerOf([last]);
  await removeWorker(worker);
  await consumersOf(last);
});

test('what somebody deleted or changed is restored', async () => {
  const jobType = newType();
  const options = { durable_name: `worker-${jobType}`, ack_policy: AckPolicy.Explicit, ack_wait: 3 * SECOND };
  await manager.consumers.add('JOBS', { ...options, filter_subject: 'jobs.other.*.created' });
  await workerOf([jobType]);
  const restored = { filter_subjects: [`jobs.${jobType}.*.created`], ack_wait: 7 * SECOND };
  await eventually(async () => expect((await consumersOf(jobType))[0]).toMatchObject(restored));
  await manager.consumers.delete('TIMERS', `due-${jobType}`);
  await eventually(() => manager.consumers.info('TIMERS', `due-${jobType}`));
});

test('the consumers of a lane are restored that somebody deleted, and so is the note of it', async () => {
  const jobType = newType();
  await workerOf([jobType]);
  await consumersOf(jobType);
  await on.log.lanes.open(jobType, 'low');
  const lane = `low-${jobType}`;
  for (const stream of ['JOBS', 'TIMERS']) await manager.consumers.delete(stream, lane);
  for (const stream of ['JOBS', 'TIMERS'])
    expect(await eventually(() => manager.consumers.info(stream, lane))).toMatchObject({ name: lane });
  await manager.consumers.update('JOBS', `worker-${jobType}`, { metadata: {} });
  await eventually(async () =>
    expect((await consumersOf(jobType))[0]?.metadata).toMatchObject({ 'jobstream-lanes': 'low' }),
  );
});

test('the consumers of schedules and of projectors are created and restored', async () => {
  await manager.consumers.delete('TIMERS', 'ticks');
  await manager.consumers.delete('JOBS', 'projector-1');
  const ticks = await eventually(() => manager.consumers.info('TIMERS', 'ticks'));
  const follower = await eventually(() => manager.consumers.info('JOBS', 'projector-1'));
  expect(ticks.config).toMatchObject({ filter_subject: 'timers.tick', max_ack_pending: 1, ack_wait: 7 * SECOND });
  expect(follower.config).toMatchObject({ ack_policy: 'none', deliver_policy: 'all' });
});

test('a process that stops completes the consumers that it has begun to create', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const client = await connect({ servers: nats.url });
  onTestFinished(() => client.close());
  const [jobType, begun] = [newType(), Promise.withResolvers<void>()];
  const own = await openEventLog({ url: nats.url, managesConsumers: {} });
  await own.announcements.openRegistry();
  const creation = `$JS.API.CONSUMER.DURABLE.CREATE.JOBS.requeued-${jobType}`;
  client.subscribe(creation, { max: 1, callback: () => begun.resolve() });
  await client.flush();
  await log.announcements.heartbeat(beating('worker', { types: [jobType] }));
  await begun.promise;
  await own.stop();
  const { consumers } = await jetstreamManager(client);
  const found = ['JOBS', 'TIMERS'].map(async (stream) => consumers.list(stream).next());
  const names = (await Promise.all(found)).flat().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([`worker-${jobType}`, `requeued-${jobType}`, `due-${jobType}`]));
});

const timeout = () => Promise.reject(new Error('timeout'));

/** The manager of a server, but one consumer answers nothing, and no list does, while it has lost its servers. */
function stalled(
  { consumers, streams }: JetStreamManager,
  consumer: string,
  isStalled: () => boolean,
): JetStreamManager {
  const unless = <Result>(name: string, ask: () => Promise<Result>) =>
    isStalled() && name === consumer ? timeout() : ask();
  return {
    streams,
    consumers: {
      info: (stream: string, name: string) => unless(name, () => consumers.info(stream, name)),
      add: (stream: string, config: { durable_name: string }) =>
        unless(config.durable_name, () => consumers.add(stream, config)),
      list: (stream: string) => ({
        async *[Symbol.asyncIterator]() {
          if (isStalled()) await timeout();
          yield* consumers.list(stream);
        },
      }),
    },
  } as unknown as JetStreamManager;
}

test('a consumer that answers nothing keeps no other from being created, and is asked for again until it answers', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const client = await connect({ servers: nats.url });
  onTestFinished(() => client.close());
  const { consumers } = await jetstreamManager(client);
  await log.lanes.open('third', 'high');
  await consumers.delete('TIMERS', 'high-third');
  let isStalled = true;
  const warnings: string[] = [];
  const sink = { info: () => undefined, warn: (_details: object, message: string) => void warnings.push(message) };
  const own = stalled(await jetstreamManager(client), 'requeued-one', () => isStalled);
  const managing = new ConsumerManager({ manager: own, sink, replicas: 1, checkMs: CHECK_MS });
  managing.onHandledTypes({
    knownMs: 60_000,
    handledTypes: () => new Map(['one', 'other', 'third'].map((type) => [type, undefined])),
  });
  managing.start();
  // While the server is there: without it each request that is under way takes 5 s.
  await using _managing = { [Symbol.asyncDispose]: () => managing.stop() };
  for (const name of ['due-one', 'due-other', 'high-third']) await eventually(() => consumers.info('TIMERS', name));
  for (const name of ['worker-one', 'requeued-other']) await eventually(() => consumers.info('JOBS', name));
  await expect(consumers.info('JOBS', 'requeued-one')).rejects.toThrow('not found');
  isStalled = false;
  await eventually(() => consumers.info('JOBS', 'requeued-one'));
  expect(warnings).toEqual(['consumers of job types cannot be created, trying again']);
});
