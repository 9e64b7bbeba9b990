import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Delivery } from './delivery.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

let nats: Awaited<ReturnType<typeof startNats>>;
let log: Awaited<ReturnType<typeof openEventLog>>;
let connection: NatsConnection;
let manager: JetStreamManager;
let types = 0;

beforeAll(async () => {
  nats = await startNats();
  connection = await connect({ servers: nats.url });
  manager = await jetstreamManager(connection);
  log = await openEventLog({ url: nats.url });
});

afterAll(async () => {
  await log.stop();
  await connection.close();
  await nats.stop();
});

/** A job type of its own for each test, since they share the server. */
function newType(): string {
  return `type-${++types}`;
}

/** Makes the consumers of the type; its deliveries are noted and acknowledged. */
async function openQueue(jobType: string) {
  const deliveries: Delivery[] = [];
  const onDelivery = async (delivery: Delivery) => {
    deliveries.push(delivery);
    delivery.ack();
  };
  const queue = await log.openQueue({ jobType, concurrency: 10, ackWaitMs: 60_000, onDelivery });
  return { deliveries, [Symbol.asyncDispose]: () => queue.stop() };
}

test('takes over the consumer of an earlier release, which had two filters, and misses nothing', async () => {
  const jobType = newType();
  await manager.consumers.add('JOBS', {
    durable_name: `worker-${jobType}`,
    ack_policy: AckPolicy.Explicit,
    filter_subjects: [`jobs.${jobType}.*.created`, `jobs.${jobType}.*.requeued`],
  });
  const job = new JobScript({ jobType });
  const sequence = await log.append(job.create(), 0);
  const cancelled = await log.append(job.next({ kind: 'CancelJob' }), sequence);
  await log.append(job.next({ kind: 'RequeueJob' }), cancelled);
  await using queue = await openQueue(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(new Set(queue.deliveries.map(({ causationId }) => causationId))).toEqual(
    new Set([job.events[0]?.id, job.events[2]?.id]),
  );
  for (const [consumer, event] of [
    ['worker', 'created'],
    ['requeued', 'requeued'],
  ])
    expect((await manager.consumers.info('JOBS', `${consumer}-${jobType}`)).config).toMatchObject({
      filter_subjects: [`jobs.${jobType}.*.${event}`],
    });
});

test('a consumer that is new to a paused type is paused as well', async () => {
  const jobType = newType();
  const worker = { durable_name: `worker-${jobType}`, ack_policy: AckPolicy.Explicit };
  await manager.consumers.add('JOBS', worker);
  const until = new Date(Date.now() + 3_600_000);
  await manager.consumers.pause('JOBS', worker.durable_name, until);
  await using _queue = await openQueue(jobType);
  const { paused, config } = await manager.consumers.info('JOBS', `requeued-${jobType}`);
  expect({ paused, until: new Date(config.pause_until ?? 0) }).toEqual({ paused: true, until });
});

test('a consumer of a paused type that was deleted is paused when it is made again', async () => {
  const jobType = newType();
  const until = new Date(Date.now() + 3_600_000);
  {
    await using _queue = await openQueue(jobType);
    await manager.consumers.pause('TIMERS', `due-${jobType}`, until);
    await manager.consumers.delete('JOBS', `worker-${jobType}`);
  }
  await using _queue = await openQueue(jobType);
  expect(await manager.consumers.info('JOBS', `worker-${jobType}`)).toMatchObject({ paused: true });
});
