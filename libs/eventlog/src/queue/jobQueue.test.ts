import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Delivery } from './delivery.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';

const ACK_WAIT_MS = 1_000;

let nats: Awaited<ReturnType<typeof startNats>>;
let log: Awaited<ReturnType<typeof openEventLog>>;
let connection: NatsConnection;
let types = 0;

beforeAll(async () => {
  nats = await startNats();
  connection = await connect({ servers: nats.url });
  log = await openEventLog({ url: nats.url, deadlineMs: 20_000 });
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

/** Opens a queue that notes its deliveries and leaves each to `handle`. */
async function openQueue(
  jobType: string,
  handle: (delivery: Delivery) => unknown,
  concurrency = 10,
  ackWaitMs = 60_000,
) {
  const deliveries: Delivery[] = [];
  const queue = await log.openQueue({
    jobType,
    concurrency,
    ackWaitMs,
    onDelivery: async (delivery) => {
      deliveries.push(delivery);
      await handle(delivery);
    },
  });
  return { deliveries, [Symbol.asyncDispose]: () => queue.stop() };
}

async function createJob(jobType: string): Promise<{ job: JobScript; sequence: number }> {
  const job = new JobScript({ jobType });
  return { job, sequence: await log.append(job.create(), 0) };
}

test('delivers jobs created before and after it was opened, with their events', async () => {
  const jobType = newType();
  const before = await createJob(jobType);
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
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
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  const { job, sequence } = await createJob(jobType);
  const cancelled = await log.append(job.next({ kind: 'CancelJob' }), sequence);
  await log.append(job.next({ kind: 'RequeueJob' }), cancelled);
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(queue.deliveries[1]?.recorded?.event.event).toBe('JobRequeued');
});

test('delivers a job when its wake-up is due, not before, and only as last asked for', async () => {
  const jobType = newType();
  const jobId = crypto.randomUUID();
  const due = Date.now() + 1_000;
  const arrivals: number[] = [];
  await log.scheduleWake({ jobId, jobType, at: new Date(Date.now() + 60_000).toISOString() });
  await log.scheduleWake({ jobId, jobType, at: new Date(due).toISOString() });
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
  const jobId = crypto.randomUUID();
  const due = Date.now() + 1_000;
  const arrivals: number[] = [];
  await using queue = await openQueue(jobType, (delivery) => {
    arrivals.push(Date.now());
    if (delivery.deliveryCount === 2) delivery.ack();
    else delivery.nak();
  });
  const wake = JSON.stringify({ jobId, jobType, at: new Date(due).toISOString() });
  await publishRaw(nats.url, `timers.due.${jobType}`, wake);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ deliveryCount: 1 }, { deliveryCount: 2 }]));
  expect(arrivals[0]).toBeGreaterThanOrEqual(due);
});

test('a timer that fired early and was not asked for until its time is delivered at once', async () => {
  const jobType = newType();
  await using clock = await openQueue(newType(), (delivery) => delivery.ack());
  const jobId = crypto.randomUUID();
  const at = new Date(Date.now() + 500).toISOString();
  await publishRaw(nats.url, `timers.due.${jobType}`, JSON.stringify({ jobId, jobType, at }));
  await log.scheduleWake({ jobId, jobType: `type-${types}`, at });
  await eventually(() => expect(clock.deliveries).toHaveLength(1));
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId, deliveryCount: 1 }]));
});

test('a due message whose time is far ahead is left to whoever knows the job', async () => {
  const jobType = newType();
  const jobId = crypto.randomUUID();
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  const wake = JSON.stringify({ jobId, jobType, at: new Date(Date.now() + 3_600_000).toISOString() });
  await publishRaw(nats.url, `timers.due.${jobType}`, wake);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId, deliveryCount: 1 }]));
});

test('keeps wake-ups through a kill of the server', async () => {
  const jobType = newType();
  const jobId = crypto.randomUUID();
  await log.scheduleWake({ jobId, jobType, at: new Date(Date.now() + 1_000).toISOString() });
  await nats.kill('SIGKILL');
  await nats.restart();
  await eventually(() => expect(log.isConnected()).toBe(true));
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId }]));
});

test('delivers again, and says so, what was handed back or never answered', async () => {
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

test('keeps what it holds alive, also what waits for a slot, so that nothing comes twice', async () => {
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
  const { job } = await createJob(jobType);
  // A due job shares the single slot and has to wait for it; a third timer tells when three ack waits are over.
  await log.scheduleWake({ jobId: crypto.randomUUID(), jobType, at: new Date().toISOString() });
  const clock = newType();
  await using later = await openQueue(clock, (delivery) => delivery.ack());
  await log.scheduleWake({
    jobId: job.jobId,
    jobType: clock,
    at: new Date(Date.now() + 3 * ACK_WAIT_MS).toISOString(),
  });
  await eventually(() => expect(later.deliveries).toHaveLength(1));
  expect(queue.deliveries).toHaveLength(1);
  gate.resolve();
  await eventually(() => expect(queue.deliveries).toHaveLength(2));
  expect(queue.deliveries.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1]);
});

test('a message that comes again while its job is worked on takes no slot from other jobs', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      if (queue.deliveries.length === 1) delivery.nak(); // as if its wait for an answer were over
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

test('asks for larger portions as it claims more, so that the server has few requests to keep', async () => {
  const jobType = newType();
  let requests = 0;
  connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.JOBS.worker-${jobType}`, { callback: () => void requests++ });
  await connection.flush();
  const jobs = 2_000;
  await Promise.all(Array.from({ length: jobs }, () => createJob(jobType)));
  await using queue = await openQueue(
    jobType,
    async (delivery) => {
      await log.lastSequence();
      if (!(await delivery.acquireSlot())) return delivery.nak();
      delivery.releaseSlot();
      delivery.ack();
    },
    4,
  );
  await eventually(() => expect(queue.deliveries.length).toBeGreaterThanOrEqual(jobs), { timeoutMs: 30_000 });
  expect(requests).toBeLessThan(jobs / 2);
});

test('never works on more than its concurrency, and works on all', async () => {
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
  await Promise.all(Array.from({ length: 200 }, () => createJob(jobType)));
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
      await log.lastSequence();
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
  await Promise.all(Array.from({ length: 1_500 }, () => createJob(jobType)));
  await eventually(() => expect(queue.deliveries.length).toBeGreaterThanOrEqual(1_500), { timeoutMs: 30_000 });
  expect(most.claiming).toBeGreaterThan(2);
  expect(most.claiming).toBeLessThanOrEqual(2 + 12 * 2);
  expect(most.running).toBe(2);
});

test('a delivery that gave its slot back early lets the next begin, but not any number of them', async () => {
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
  await Promise.all(Array.from({ length: 10 }, () => createJob(jobType)));
  await eventually(() => expect(queue.deliveries).toHaveLength(4));
  gate.resolve();
  await eventually(() => expect(queue.deliveries).toHaveLength(10));
});

test('a queue whose slots are taken leaves jobs to others instead of fetching ahead', async () => {
  const jobType = newType();
  const gate = Promise.withResolvers<void>();
  await using busy = await openQueue(jobType, () => gate.promise, 2);
  await Promise.all(Array.from({ length: 5 }, () => createJob(jobType)));
  await eventually(() => expect(busy.deliveries).toHaveLength(2));
  await using idle = await openQueue(jobType, (delivery) => delivery.ack(), 2);
  await eventually(() => expect(idle.deliveries).toHaveLength(3));
  gate.resolve();
});

test('a queue that stops while jobs arrive keeps none of them from the others', async () => {
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
  await using left = await openQueue(jobType, (delivery) => delivery.ack(), 5);
  await using right = await openQueue(jobType, (delivery) => delivery.ack(), 5);
  await Promise.all(Array.from({ length: 100 }, () => createJob(jobType)));
  await eventually(() => expect(left.deliveries.length + right.deliveries.length).toBe(100));
  expect(left.deliveries.length).toBeGreaterThan(0);
  expect(right.deliveries.length).toBeGreaterThan(0);
});

test('goes on after the server was killed, and answers for messages held meanwhile bring no second run by another', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toHaveLength(1));
  await nats.kill('SIGKILL');
  await nats.restart();
  const { job } = await createJob(jobType);
  await eventually(() => expect(queue.deliveries.map(({ jobId }) => jobId)).toContain(job.jobId));
});

test('waits in stop for the handlers that run, and takes nothing more', async () => {
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

test('takes a message out that is no call for work, and goes on with the next', async () => {
  const jobType = newType();
  await using queue = await openQueue(jobType, (delivery) => delivery.ack());
  await publishRaw(nats.url, `jobs.${jobType}.${crypto.randomUUID()}.created`, 'not JSON');
  const { job } = await createJob(jobType);
  await eventually(() => expect(queue.deliveries).toMatchObject([{ jobId: job.jobId }]));
});
