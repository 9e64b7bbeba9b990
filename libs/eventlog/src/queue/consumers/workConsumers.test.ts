import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobScript } from '../../../testing/jobScript.ts';
import { useEventLog } from '../../../testing/openEventLog.ts';
import { openTestQueue } from '../../../testing/openTestQueue.ts';

const on = useEventLog();
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(connection);
});

afterAll(() => connection.close());

/** A job type of its own for each test, since they share the server. */
const newType = () => `type-${randomUUID()}`;

/** Creates the consumers of the type. */
const openQueue = (jobType: string) => openTestQueue(on.log, { jobType });

test('takes over the consumer of an earlier release, which had two filters, and misses nothing', async () => {
  const jobType = newType();
  await manager.consumers.add('JOBS', {
    durable_name: `worker-${jobType}`,
    ack_policy: AckPolicy.Explicit,
    filter_subjects: [`jobs.${jobType}.*.created`, `jobs.${jobType}.*.requeued`],
  });
  const job = new JobScript({ jobType });
  const sequence = await on.log.append(job.create(), 0);
  const cancelled = await on.log.append(job.next({ kind: 'CancelJob' }), sequence);
  await on.log.append(job.next({ kind: 'RequeueJob' }), cancelled);
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
