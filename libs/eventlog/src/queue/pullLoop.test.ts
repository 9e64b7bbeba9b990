import { eventually, startNats } from '@jobstream/test-support';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { expect, test, vi } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { silentSink } from '../connection/logSink.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { PullLoop, type PullLoopOptions } from './pullLoop.ts';

const STREAM = 'TIMERS';
const CONSUMER = 'crowded';
const NEXT = `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${CONSUMER}`;

/** A loop with a credit of 16, all of it available. */
function startLoop(connection: Connection, change: Partial<PullLoopOptions<void>> = {}): PullLoop<void> {
  const loop = new PullLoop<void>({
    connection,
    sink: silentSink,
    stream: STREAM,
    consumer: CONSUMER,
    credit: () => 16,
    available: () => 16,
    decode: () => ({ kind: 'delivery', delivery: undefined }),
    onDelivery: () => Promise.resolve(),
    ...change,
  });
  loop.start();
  return loop;
}

test('requests no more than its credit after a request that exceeded MaxWaiting', async () => {
  await using nats = await startNats();
  await using _log = await openEventLog({ url: nats.url });
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const manager = await jetstreamManager(connection.nats);
  const filter = { filter_subject: 'timers.due.crowded' };
  const config = { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit, max_waiting: 2, ...filter };
  await manager.consumers.add(STREAM, config);
  const requested: number[] = [];
  connection.nats.subscribe(NEXT, {
    callback: (_error, message) => void requested.push(message.json<{ batch: number }>().batch),
  });
  // Another worker's request takes one of the two places until it expires.
  const inbox = connection.newInbox();
  connection.nats.subscribe(inbox);
  connection.nats.publish(NEXT, JSON.stringify({ batch: 1, expires: 400_000_000 }), { reply: inbox });
  let [available, held] = [8, 0];
  const gate = Promise.withResolvers<void>();
  const loop = startLoop(connection, {
    available: () => available,
    onDelivery: () => {
      held++;
      return gate.promise;
    },
  });
  available = 16;
  loop.pull();
  await eventually(() => expect(requested.length).toBeGreaterThanOrEqual(4));
  for (let count = 0; count < 20; count++) await publishRaw(nats.url, 'timers.due.crowded', '');
  await eventually(async () => expect((await manager.consumers.info(STREAM, CONSUMER)).num_pending).toBeLessThan(5));
  await connection.nats.flush();
  expect(requested).toEqual([1, 8, 8, 8]);
  expect(held).toBe(16);
  gate.resolve();
  await loop.stop();
  await connection.close();
});

test('requests no more than its credit after the end of a request of which more was left than is open', async () => {
  await using nats = await startNats();
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const requested: number[] = [];
  const ended = headers(408, 'Request Timeout');
  ended.set('Nats-Pending-Messages', '50');
  connection.nats.subscribe(NEXT, {
    callback: (_error, message) => {
      if (requested.push(message.json<{ batch: number }>().batch) === 1) message.respond('', { headers: ended });
    },
  });
  const loop = startLoop(connection);
  await eventually(() => expect(requested).toHaveLength(2));
  expect(requested).toEqual([16, 16]);
  await loop.stop();
  await connection.close();
});

test('stop waits until what the server has sent by then has arrived', async () => {
  await using nats = await startNats();
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const draining = Promise.withResolvers<void>();
  const subscribe = connection.nats.subscribe.bind(connection.nats);
  vi.spyOn(connection.nats, 'subscribe').mockImplementation((...args) => {
    const subscription = subscribe(...args);
    const drain = subscription.drain.bind(subscription);
    return Object.assign(subscription, { drain: () => draining.promise.then(drain) });
  });
  const loop = startLoop(connection);
  const order: string[] = [];
  const stopped = loop.stop().then(() => order.push('stopped'));
  await connection.nats.flush();
  order.push('drained');
  draining.resolve();
  await stopped;
  expect(order).toEqual(['drained', 'stopped']);
  await connection.close();
});
