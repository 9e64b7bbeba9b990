import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useEventLog } from '../../../testing/openEventLog.ts';
import { ConsumerWait, type ConsumerWaitOptions } from './consumerWait.ts';

const on = useEventLog();
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(connection);
});

afterAll(() => connection.close());

const create = (name: string, ackWaitMs: number) =>
  manager.consumers.add('JOBS', {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1_000_000,
  });

/** A wait for one consumer, with what it found and what it said. */
function waitFor(name: string, options: Partial<ConsumerWaitOptions> = {}) {
  const [found, said]: [number[], string[]] = [[], []];
  const say = (level: string) => (_details: object, text: string) => void said.push(`${level}: ${text}`);
  const wait = new ConsumerWait({
    manager,
    sink: { info: say('info'), warn: say('warn') },
    consumers: [{ stream: 'JOBS', name }],
    create: () => Promise.reject(new Error('not to be created')),
    onFound: (ackWaitMs) => found.push(ackWaitMs),
    ...options,
  });
  return { wait, found, said, [Symbol.asyncDispose]: () => wait.stop() };
}

test('a consumer that exists is found at once, with the wait that it has', async () => {
  const name = randomUUID();
  await create(name, 2_000);
  await using one = waitFor(name);
  await one.wait.start();
  expect(one).toMatchObject({ found: [2_000], said: [] });
});

test('a missing consumer is awaited with a notice, after a while with a warning, and found when another process has created it', async () => {
  const name = randomUUID();
  await using patient = waitFor(name);
  await using one = waitFor(name, { warnAfterMs: 0 });
  await patient.wait.start();
  await one.wait.start();
  const notice = 'info: waiting until the API of Jobstream has created the consumers';
  const warning = 'warn: consumers are missing: still waiting until the API of Jobstream has created them';
  await eventually(() => expect(one.said).toEqual([notice, warning]));
  expect(one.found).toEqual([]);
  await create(name, 1_000);
  await eventually(() => expect(one.found).toEqual([1_000]));
  expect(one.said).toEqual([notice, warning, 'info: consumers found, taking jobs']);
  await eventually(() => expect(patient.said).toEqual([notice, 'info: consumers found, taking jobs']));
});

test('where no process creates consumers, a user that may creates its own', async () => {
  const name = randomUUID();
  await using one = waitFor(name, { create: async () => void (await create(name, 3_000)), createAfterMs: 0 });
  await one.wait.start();
  await eventually(() => expect(one.found).toEqual([3_000]));
});

test('after a stop nothing is found any more', async () => {
  const name = randomUUID();
  const one = waitFor(name);
  await using other = waitFor(name);
  await one.wait.start();
  await other.wait.start();
  await one.wait.stop();
  await create(name, 1_000);
  await eventually(() => expect(other.found).toEqual([1_000]));
  expect(one.found).toEqual([]);
});
