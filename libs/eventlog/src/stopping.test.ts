import { randomUUID } from 'node:crypto';
import { forEachTest, leftOpenBy, startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { announced } from '../testing/announced.ts';
import { openEventLog } from '../testing/openEventLog.ts';
import type { Announcements } from './announcements/announcements.ts';
import { ProcessHeartbeat } from './announcements/processHeartbeat.ts';
import { TypeRegistry } from './announcements/typeRegistry.ts';
import { Connection } from './connection/connection.ts';
import { silentSink } from './connection/logSink.ts';
import { ConsumerWait } from './queue/consumers/consumerWait.ts';

/*
 * What is stopped in the middle of something has ended when it says so.
 */

async function openStage() {
  const opening = new AsyncDisposableStack();
  const nats = opening.use(await startNats());
  const log = opening.use(await openEventLog({ url: nats.url }));
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  opening.defer(() => connection.close());
  const manager = await jetstreamManager(connection.nats);
  return { log, connection, manager, sink: silentSink, [Symbol.asyncDispose]: () => opening.disposeAsync() };
}

const stage = forEachTest(openStage);

interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Each comes to `work` some time after its start. */
const cases: Readonly<Record<string, (work: () => Promise<void>) => Part>> = {
  'a wait for consumers': (work) => {
    const consumers = [{ stream: 'JOBS', name: randomUUID() }];
    let looks = 0;
    const options = { ...stage, consumers, create: work, onFound: () => {} };
    return new ConsumerWait(
      Object.defineProperty(options, 'createAfterMs', { get: () => (looks++ === 0 ? Infinity : 0) }),
    );
  },
  'a registry that keeps a definition': (work) =>
    new TypeRegistry({ ...stage, keepDefinition: () => work().then(() => 1) }),
  'the heartbeat of a process': (work) => {
    let beats = 0;
    const heartbeat = () => (++beats > 1 ? work() : Promise.resolve());
    const log = { announcements: { heartbeat } as unknown as Announcements };
    return new ProcessHeartbeat({ log, role: 'api', logger: silentSink, intervalMs: 10 });
  },
};

test.each(Object.entries(cases))('%s', async (_what, partOf) => {
  await stage.log.announcements.announceType(announced('w1', { defaults: { maxAttempts: 2 } }));
  const ended: string[] = [];
  const left = await leftOpenBy(async () => {
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const part = partOf(async () => {
      begun.resolve();
      await over.promise;
      ended.push('the work');
    });
    await part.start();
    await begun.promise;
    const stopping = part.stop().then(() => ended.push('the part'));
    for (let turn = 0; turn < 3; turn++) await stage.log.lastSequence(); // one that does not wait has stopped by then
    over.resolve();
    await stopping;
  });
  expect({ ended, left }).toEqual({ ended: ['the work', 'the part'], left: [] });
});
