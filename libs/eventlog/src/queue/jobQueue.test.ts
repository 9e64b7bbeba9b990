import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startTcpProxy } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue, type Handle } from '../../testing/openTestQueue.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import type { Delivery } from './delivery.ts';

const ACK_WAIT_MS = 1_000;
const on = useEventLog({ deadlineMs: 20_000 });
let connection: NatsConnection;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
});

afterAll(() => connection.close());

/** A job type of its own for each test, since they share the server. */
const newType = () => `type-${randomUUID()}`;

const ack = (delivery: Delivery) => delivery.ack();

const openQueue = (jobType: string, handle: Handle = ack, concurrency = 10, ackWaitMs = 60_000) =>
  openTestQueue(on.log, { jobType, concurrency, ackWaitMs }, handle);

async function createJob(jobType: string): Promise<{ job: JobScript; sequence: number }> {
  const job = new JobScript({ jobType });
  return { job, sequence: await on.log.append(job.create(), 0) };
}

const createJobs = (jobType: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => createJob(jobType)));

const wakeIn = (jobType: string, ms: number, jobId: string = randomUUID()) =>
  on.log.scheduleWake({ jobId, jobType, at: new Date(Date.now() + ms).toISOString() });

test('delivers jobs created before and after it was opened, with their events', async () => {
  const jobType = newType();
  const before = await createJob(jobType);
  await using queue = await openQueue(jobType);
  const after = await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(queue.deliveries).toMatchObject(
    [before, after].map(({ job, sequence }) => ({
      jobId: job.jobId,
      jobType,
      deliveryCount: 1,
      causationId: job.events[0]?.id,
      recorded: { sequence, event: job.events[0] },
    })),
  );
});

test('delivers a requeued job', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType);
  const { job, sequence } = await createJob(jobType);
  const cancelled = await on.log.append(job.next({ kind: 'CancelJob' }), sequence);
  await on.log.append(job.next({ kind: 'RequeueJob' }), cancelled);
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(queue.deliveries[1]?.recorded?.event.event).toBe('JobRequeued');
});

test('delivers a job when its timer is due, not before, and only by the timer set last', async () => {
  const jobType = newType();
  const jobId = randomUUID();
  const due = Date.now() + 1_000;
  const arrivals: number[] = [];
  await wakeIn(jobType, 60_000, jobId);
  await on.log.scheduleWake({ jobId, jobType, at: new Date(due).toISOString() });
  await using queue = await openQueue(jobType, (delivery) => {
    arrivals.push(Date.now());
    delivery.ack();
  });
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  expect(queue.deliveries[0]).toMatchObject({
    jobId,
    jobType,
    deliveryCount: 1,
    causationId: expect.stringMatching(/^timer:\d+$/),
  });
  expect(arrivals[0]).toBeGreaterThanOrEqual(due);
});

test('holds back a timer that fired before its time, and does not count that delivery', async () => {
  const jobType = newType();
  const jobId = randomUUID();
  const due = Date.now() + 20_000;
  // The first delivery is before that time and the others are not, however long this machine takes for them.
  using reached = vi.spyOn(on.log.clock, 'reached').mockReturnValue(due);
  reached.mockReturnValueOnce(due - 100);
  await using queue = await openQueue(jobType, (delivery) => {
    if (delivery.deliveryCount === 2) delivery.ack();
    else delivery.nak();
  });
  const wake = JSON.stringify({ jobId, jobType, at: new Date(due).toISOString() });
  await publishRaw(on.nats.url, `timers.due.${jobType}`, wake);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ deliveryCount: 1 }, { deliveryCount: 2 }]));
  expect(reached).toHaveBeenCalledTimes(3);
});

test('holds back a timer that fired before its time when the answers about the time were slow', async () => {
  const jobType = newType();
  await using proxy = await startTcpProxy(on.nats.port);
  proxy.delayUpstream(400);
  await using log = await openEventLog({ url: `nats://127.0.0.1:${proxy.port}` });
  proxy.delayUpstream(0);
  // It takes the server to have read its clock 200 ms earlier than it did.
  expect(log.clock.offsetMs()).toBeLessThan(-150);
  const arrivals: number[] = [];
  await using queue = await openTestQueue(log, { jobType }, (delivery) => {
    arrivals.push(Date.now());
    delivery.ack();
  });
  const due = Date.now() + 1_000;
  const wake = JSON.stringify({ jobId: randomUUID(), jobType, at: new Date(due).toISOString() });
  await publishRaw(on.nats.url, `timers.due.${jobType}`, wake);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  expect(arrivals[0]).toBeGreaterThanOrEqual(due);
});

test('delivers a timer that fired early at once when it is first pulled after its time', async () => {
  const jobType = newType();
  const clockType = newType();
  await using clock = await openQueue(clockType);
  const jobId = randomUUID();
  const at = new Date(Date.now() + 500).toISOString();
  await publishRaw(on.nats.url, `timers.due.${jobType}`, JSON.stringify({ jobId, jobType, at }));
  await on.log.scheduleWake({ jobId, jobType: clockType, at });
  await eventually(() => expect(clock.deliveries).toHaveLength(1));
  await using queue = await openQueue(jobType);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId, deliveryCount: 1 }]));
});

test('delivers a due message whose time is far ahead, for the worker to decide', async () => {
  const jobType = newType();
  const jobId = randomUUID();
  await using queue = await openQueue(jobType);
  const wake = JSON.stringify({ jobId, jobType, at: new Date(Date.now() + 3_600_000).toISOString() });
  await publishRaw(on.nats.url, `timers.due.${jobType}`, wake);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId, deliveryCount: 1 }]));
});

test('keeps timers through a kill of the server', async () => {
  const jobType = newType();
  const jobId = randomUUID();
  await wakeIn(jobType, 1_000, jobId);
  await on.nats.kill('SIGKILL');
  await on.nats.restart();
  await eventually(() => expect(on.log.isConnected()).toBe(true));
  await using queue = await openQueue(jobType);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId }]));
});

test('redelivers and counts a message that was handed back or never acknowledged', async () => {
  const jobType = newType();
  const { job } = await createJob(jobType);
  await using queue = await openQueue(
    jobType,
    (delivery) => {
      if (delivery.deliveryCount === 1) delivery.nak();
      if (delivery.deliveryCount === 3) delivery.ack();
    },
    10,
    ACK_WAIT_MS,
  );
  await eventually(() => expect(queue.deliveries).toHaveLength(3));
  expect(queue.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 2, 3]);
  expect(new Set(queue.deliveries.map(({ causationId }) => causationId))).toEqual(new Set([job.events[0]?.id]));
});

test('keeps held deliveries alive, also those that wait for a slot, so that none is redelivered', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      await gate.promise;
      delivery.ack();
    },
    1,
    ACK_WAIT_MS,
  );
  await createJob(jobType);
  // A due job shares the single slot and has to wait for it; a third timer tells when three ack waits are over.
  await wakeIn(jobType, 0);
  const clock = newType();
  await using later = await openQueue(clock);
  await wakeIn(clock, 3 * ACK_WAIT_MS);
  await eventually(() => expect(later.deliveries).toHaveLength(1));
  expect(queue.deliveries).toHaveLength(1);
  gate.resolve();
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(queue.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1]);
});

test('a redelivery of a job that is being worked on takes no slot from other jobs', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      if (queue.deliveries.length === 1) delivery.nak(); // as if its wait for the acknowledgement were over
      await gate.promise;
      delivery.ack();
    },
    2,
  );
  const { job } = await createJob(jobType);
  const manager = await jetstreamManager(connection);
  await eventually(async () => {
    const { delivered } = await manager.consumers.info('JOBS', `worker-${jobType}`);
    expect(delivered.consumer_seq).toBe(2);
  });
  const { job: other } = await createJob(jobType);
  await eventually(() => expect(queue.deliveries.map(({ jobId }) => jobId)).toEqual([job.jobId, other.jobId]));
  gate.resolve();
  await eventually(() => expect(queue.deliveries.at(2)).toMatchObject({ jobId: job.jobId, deliveryCount: 2 }));
});

test('requests larger portions as it claims more, so that the server keeps few requests', async () => {
  const jobType = newType();
  let requests = 0;
  connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.JOBS.worker-${jobType}`, { callback: () => void requests++ });
  await connection.flush();
  const jobs = 2_000;
  await createJobs(jobType, jobs);
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      await on.log.lastSequence();
      if (!(await delivery.acquireSlot())) return delivery.nak();
      delivery.releaseSlot();
      delivery.ack();
    },
    4,
  );
  await eventually(() => expect(queue.deliveries.length).toBeGreaterThanOrEqual(jobs));
  expect(requests).toBeLessThan(jobs / 2);
});

test('handles every delivery, and never more at once than its concurrency', { tags: ['exact'] }, async () => {
  const jobType = newType();
  let [running, most, done] = [0, 0, 0];
  await using _queue = await openQueue(
    jobType,
    async (delivery) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      done++;
      delivery.ack();
    },
    4,
  );
  await createJobs(jobType, 200);
  await eventually(() => expect(done).toBe(200));
  expect(most).toBe(4);
});

test('claims more jobs at once than it runs where runs are short, and never runs more than its concurrency', async () => {
  const jobType = newType();
  const most = { claiming: 0, running: 0 };
  let [claiming, running] = [0, 0];
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      most.claiming = Math.max(most.claiming, ++claiming);
      await on.log.lastSequence();
      claiming--;
      if (!(await delivery.acquireSlot())) return delivery.nak();
      most.running = Math.max(most.running, ++running);
      await Promise.resolve();
      running--;
      delivery.releaseSlot();
      delivery.ack();
    },
    2,
  );
  await createJobs(jobType, 1_500);
  await eventually(() => expect(queue.deliveries.length).toBeGreaterThanOrEqual(1_500));
  expect(most.claiming).toBeGreaterThan(2);
  expect(most.claiming).toBeLessThanOrEqual(2 + 12 * 2);
  expect(most.running).toBe(2);
});

test('a delivery that released its slot early lets the next begin, but holds back further ones', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      delivery.releaseSlot();
      delivery.releaseSlot();
      await gate.promise;
      delivery.ack();
    },
    2,
  );
  await createJobs(jobType, 10);
  await eventually(() => expect(queue.deliveries).toHaveLength(4));
  gate.resolve();
  await eventually(() => expect(queue.deliveries).toHaveLength(10));
});

test('a queue without free slots leaves jobs to other queues instead of prefetching', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using busy = await openQueue(jobType, () => gate.promise, 2);
  await createJobs(jobType, 5);
  await eventually(() => expect(busy.deliveries).toHaveLength(2));
  await using idle = await openQueue(jobType, ack, 2);
  await eventually(() => expect(idle.deliveries).toHaveLength(3));
  gate.resolve();
});

test('a queue that stops while jobs arrive withholds none of them from other queues', async () => {
  const jobType = newType();
  const delivered = new Set<string>();
  const take = (delivery: Delivery) => {
    delivered.add(delivery.jobId);
    delivery.ack();
  };
  await using _last = await openQueue(jobType, take, 1, 600_000);
  const created: Promise<{ job: JobScript }>[] = [];
  for (let stops = 0; stops < 20; stops++) {
    const stopped = await openQueue(jobType, take, 1_000, 600_000);
    for (let count = 0; count < 100; count++) created.push(createJob(jobType));
    await created.at(-50);
    await stopped[Symbol.asyncDispose]();
  }
  const all = new Set((await Promise.all(created)).map(({ job }) => job.jobId));
  await eventually(() => expect(delivered).toEqual(all));
});

test('shares the jobs between two queues of a type without giving one to both', async () => {
  const jobType = newType();
  await using left = await openQueue(jobType, ack, 5);
  await using right = await openQueue(jobType, ack, 5);
  await createJobs(jobType, 100);
  await eventually(() => expect(left.deliveries.length + right.deliveries.length).toBe(100));
  expect(left.deliveries.length).toBeGreaterThan(0);
  expect(right.deliveries.length).toBeGreaterThan(0);
});

test('goes on after the server was killed', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType);
  await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  await on.nats.kill('SIGKILL');
  await on.nats.restart();
  const { job } = await createJob(jobType);
  await eventually(() => expect(queue.deliveries.map(({ jobId }) => jobId)).toContain(job.jobId));
});

test('stop waits for running handlers and takes no further delivery', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  const queue = await openQueue(jobType, () => gate.promise);
  await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  let stopped = false;
  const stopping = queue[Symbol.asyncDispose]().then(() => (stopped = true));
  await createJob(jobType);
  expect(stopped).toBe(false);
  gate.resolve();
  await stopping;
  expect(queue.deliveries).toHaveLength(1);
});

test('terminates a malformed work message and goes on with the next', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType);
  await publishRaw(on.nats.url, `jobs.${jobType}.${randomUUID()}.created`, 'not JSON');
  const { job } = await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId: job.jobId }]));
});
