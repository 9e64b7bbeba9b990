import { randomUUID } from 'node:crypto';
import { EventLog, type EventLogOptions } from '@jobstream/eventlog';
import type { NatsUser } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type NatsWithUsers, startNatsWithUsers } from '../harness/startNatsWithUsers.ts';

let nats: NatsWithUsers;
let api: EventLog & AsyncDisposable;

beforeAll(async () => {
  nats = await startNatsWithUsers();
  await using migrate = await logOf('migrate');
  await migrate.consumers.createProcessConsumers();
  api = await logOf('api', { managesConsumers: {} });
  await api.announcements.openRegistry();
});

afterAll(async () => {
  await api?.stop();
  await nats?.[Symbol.asyncDispose]();
});

async function logOf(user: NatsUser, options: Partial<EventLogOptions> = {}): Promise<EventLog & AsyncDisposable> {
  const { NATS_URL: url = '', NATS_PASSWORD: password } = nats.settings(user);
  const log = new EventLog({ url, name: user, user, password, ...options });
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}

/** Appends the first event of a job with the rights of the API. */
async function createJob(jobType: string): Promise<string> {
  const [jobId, actor, at] = [randomUUID(), { kind: 'user', id: 'test' } as const, new Date().toISOString()];
  const backoff = { type: 'fixed', delayMs: 10 } as const;
  const data = { payload: {}, maxAttempts: 1, backoff, timeoutMs: 60_000, tags: [] };
  await api.append({ v: 1, id: randomUUID(), event: 'JobCreated', jobId, jobType, version: 1, at, actor, data }, 0);
  return jobId;
}

/** Reports that a worker of the type lives, with the rights of a worker. */
async function beatFor(type: string): Promise<void> {
  await using worker = await logOf('worker', { createStreams: false });
  const idle = { runningCount: 0, running: [] };
  const process = { worker: `beating-${type}`, host: 'test', pid: 1, startedAt: new Date().toISOString() };
  await worker.announcements.heartbeat({ ...process, ...idle, types: [type] });
}

/** A worker of one's own, which announces its type and nothing else. */
function workerOf(type: string) {
  const {
    NATS_URL: natsUrl = '',
    NATS_USER: natsUser = '',
    NATS_PASSWORD: natsPassword = '',
  } = nats.settings('worker');
  const worker = createWorker({ natsUrl, natsUser, natsPassword, ackWaitMs: 1_234, shutdownGraceMs: 0 });
  worker.handle(defineJob(type, { payload: z.object({}) }), () => 'done');
  return Object.assign(worker, { [Symbol.asyncDispose]: () => worker.stop() });
}

/** Whether a worker or a job comes first. */
test.each(['worker', 'job'])('a new job type works without any step, also when its %s comes first', async (first) => {
  const type = `type-${randomUUID()}`;
  await using worker = workerOf(type);
  const refused = (await nats.refusals()).length;
  if (first === 'worker') await worker.start();
  const jobId = await createJob(type);
  if (first === 'job') await worker.start();
  await eventually(async () => expect((await api.readJob(jobId))?.job).toMatchObject({ status: 'completed' }));
  expect((await nats.refusals()).slice(refused)).toEqual([]);
});

test('the consumers of a type have the wait for acknowledgements that its worker has announced', async () => {
  const type = `type-${randomUUID()}`;
  await using worker = workerOf(type);
  await worker.start();
  const connection = await nats.connectAs('operator');
  const { consumers } = await jetstreamManager(connection, { timeout: 60_000 });
  await eventually(async () =>
    expect((await consumers.info('JOBS', `worker-${type}`)).config.ack_wait).toBe(1_234_000_000),
  );
  await connection.close();
});

describe.each(['worker', 'projector', 'migrate'] as const)('%s', (user) => {
  test('cannot redefine, replace or delete the consumers of a job type', async () => {
    const type = `type-${randomUUID()}`;
    const name = `worker-${type}`;
    await beatFor(type);
    const operator = await nats.connectAs('operator');
    const watching = (await jetstreamManager(operator, { timeout: 60_000 })).consumers;
    const before = await eventually(() => watching.info('JOBS', name));
    const connection = await nats.connectAs(user);
    const { consumers } = await jetstreamManager(connection, { checkAPI: false, timeout: 60_000 });
    const config = { durable_name: name, ack_policy: AckPolicy.Explicit, filter_subject: 'jobs.none.*.created' };
    await expect(consumers.add('JOBS', config)).rejects.toThrow(/permission/i);
    await expect(consumers.add('JOBS', { ...config, filter_subject: '>' })).rejects.toThrow(/permission/i);
    await expect(consumers.delete('JOBS', name)).rejects.toThrow(/permission/i);
    await expect(consumers.pause('JOBS', name, new Date(Date.now() + 3_600_000))).rejects.toThrow(/permission/i);
    // The request of old client libraries: the name is in the body alone.
    const legacy = JSON.stringify({ stream_name: 'JOBS', config: { ...config, durable_name: undefined, name } });
    await expect(connection.request('$JS.API.CONSUMER.CREATE.JOBS', legacy)).rejects.toThrow(/permission/i);
    expect((await watching.info('JOBS', name)).config).toEqual(before.config);
    await connection.close();
    await operator.close();
  });
});
