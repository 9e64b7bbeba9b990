import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { announced } from '../../testing/announced.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { ScheduleScript } from '../../testing/scheduleScript.ts';
import { ConsumerManager } from './consumerManager.ts';

const CHECK_MS = 100;
const on = useEventLog({ managesConsumers: { ackWaitMs: 7_000, checkMs: CHECK_MS } });
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(connection);
  await on.log.announcements.openRegistry();
});

afterAll(() => connection.close());

/** A job type of its own for each test, since they share the server. */
const newType = () => `type-${randomUUID()}`;

/** Returns the settings of the consumers of a type, once it has all three. */
const consumersOf = (jobType: string) =>
  eventually(async () => {
    const names = [
      ['JOBS', `worker-${jobType}`],
      ['JOBS', `requeued-${jobType}`],
      ['TIMERS', `due-${jobType}`],
    ] as const;
    return Promise.all(names.map(async ([stream, name]) => (await manager.consumers.info(stream, name)).config));
  });

const BACKOFF = { type: 'fixed', delayMs: 10 } as const;
const SECOND = 1_000_000_000;

test('a type has its consumers after its first job, alone or in a batch, and they deliver that job', async () => {
  const [one, other] = [newType(), newType()];
  await on.log.append(new JobScript({ jobType: one }).create(), 0);
  await on.log.appendAll([new JobScript({ jobType: other }).create()]);
  for (const jobType of [one, other]) {
    const [worker, requeued, due] = await consumersOf(jobType);
    expect(worker).toMatchObject({ filter_subjects: [`jobs.${jobType}.*.created`], ack_wait: 7 * SECOND });
    expect(requeued).toMatchObject({ filter_subjects: [`jobs.${jobType}.*.requeued`], max_ack_pending: 10_000 });
    expect(due).toMatchObject({ filter_subject: `timers.due.${jobType}`, max_ack_pending: 50_000 });
    expect((await manager.consumers.info('JOBS', `worker-${jobType}`)).num_pending).toBe(1);
  }
});

test('a type has its consumers after its first schedule, also one that was created before the start', async () => {
  const [before, since] = [newType(), newType()];
  await using plain = await openEventLog({ url: on.nats.url });
  const job = { payload: {}, maxAttempts: 1, backoff: BACKOFF, timeoutMs: 1_000, tags: [] };
  const create = (type: string) => new ScheduleScript(newType()).create({ job: { type, ...job } });
  await plain.schedules.append(create(before), 0);
  await using log = await openEventLog({ url: on.nats.url, managesConsumers: {} });
  expect(await consumersOf(before)).toHaveLength(3);
  await log.schedules.append(create(since), 0);
  expect(await consumersOf(since)).toHaveLength(3);
});

test('an announced type has consumers with the wait and the limits of the worker that started last', async () => {
  const type = newType();
  const announce = (startedAt: string, ackWaitMs: number, concurrency: number) =>
    on.log.announcements.announceType(announced(randomUUID(), { type, startedAt, ackWaitMs, limits: { concurrency } }));
  await announce('2026-01-02T00:00:00Z', 2_000, 2);
  expect((await consumersOf(type)).map(({ ack_wait: wait }) => wait)).toEqual([2 * SECOND, 2 * SECOND, 2 * SECOND]);
  await announce('2026-01-03T00:00:00Z', 3_000, 3);
  await announce('2026-01-01T00:00:00Z', 1_000, 1);
  // Types are taken care of one after the other, so what was announced before it has had its effect.
  const later = newType();
  await on.log.announcements.announceType(announced(randomUUID(), { type: later }));
  await consumersOf(later);
  for (const { ack_wait: wait, metadata } of await consumersOf(type))
    expect([wait, metadata?.['jobstream-limits']]).toEqual([3 * SECOND, '{"concurrency":3}']);
});

test('a wait for acknowledgements that is announced is kept within bounds', async () => {
  const type = newType();
  await on.log.announcements.announceType(announced(randomUUID(), { type, ackWaitMs: 1 }));
  expect((await consumersOf(type))[0]?.ack_wait).toBe(SECOND / 2);
});

test('what somebody deleted or changed is restored, with the wait that it had', async () => {
  const jobType = newType();
  const options = { durable_name: `worker-${jobType}`, ack_policy: AckPolicy.Explicit, ack_wait: 3 * SECOND };
  await manager.consumers.add('JOBS', { ...options, filter_subject: 'jobs.other.*.created' });
  const restored = { filter_subjects: [`jobs.${jobType}.*.created`], ack_wait: 3 * SECOND };
  await eventually(async () => expect((await consumersOf(jobType))[0]).toMatchObject(restored));
  await manager.consumers.delete('TIMERS', `due-${jobType}`);
  await eventually(() => manager.consumers.info('TIMERS', `due-${jobType}`));
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
  const [jobType, begun] = [newType(), Promise.withResolvers<void>()];
  const own = await openEventLog({ url: on.nats.url, managesConsumers: {} });
  const creation = `$JS.API.CONSUMER.DURABLE.CREATE.JOBS.requeued-${jobType}`;
  connection.subscribe(creation, { max: 1, callback: () => begun.resolve() });
  await connection.flush();
  own.consumers.require(jobType);
  await begun.promise;
  await own.stop();
  const found = ['JOBS', 'TIMERS'].map(async (stream) => manager.consumers.list(stream).next());
  const names = (await Promise.all(found)).flat().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([`worker-${jobType}`, `requeued-${jobType}`, `due-${jobType}`]));
});

test('a process that does not manage consumers creates none', async () => {
  const [jobType, managed] = [newType(), newType()];
  await using own = await openEventLog({ url: on.nats.url });
  own.consumers.require(jobType);
  await own.append(new JobScript({ jobType }).create(), 0);
  on.log.consumers.require(managed);
  await consumersOf(managed);
  await expect(manager.consumers.info('JOBS', `worker-${jobType}`)).rejects.toThrow('consumer not found');
});

const timeout = () => Promise.reject(new Error('timeout'));

/** The manager of a server, but one consumer answers nothing, and no list does, while it has lost its servers. */
function stalled({ consumers }: JetStreamManager, consumer: string, isStalled: () => boolean): JetStreamManager {
  const unless = <Result>(name: string, ask: () => Promise<Result>) =>
    isStalled() && name === consumer ? timeout() : ask();
  return {
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
  await using _log = await openEventLog({ url: nats.url });
  const client = await connect({ servers: nats.url });
  onTestFinished(() => client.close());
  const { consumers } = await jetstreamManager(client);
  let isStalled = true;
  const warnings: string[] = [];
  const sink = { info: () => undefined, warn: (_details: object, message: string) => void warnings.push(message) };
  const own = stalled(await jetstreamManager(client), 'requeued-one', () => isStalled);
  const managing = new ConsumerManager({ manager: own, sink, replicas: 1, checkMs: CHECK_MS });
  managing.start(() => Promise.resolve(['one', 'other']));
  onTestFinished(() => managing.stop());
  for (const jobType of ['one', 'other']) managing.require(jobType);
  for (const name of ['due-one', 'due-other']) await eventually(() => consumers.info('TIMERS', name));
  for (const name of ['worker-one', 'requeued-other']) await eventually(() => consumers.info('JOBS', name));
  await expect(consumers.info('JOBS', 'requeued-one')).rejects.toThrow('not found');
  isStalled = false;
  await eventually(() => consumers.info('JOBS', 'requeued-one'));
  expect(warnings).toEqual(['consumers of job types cannot be created, trying again']);
});
