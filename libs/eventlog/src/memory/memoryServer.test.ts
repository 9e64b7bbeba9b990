import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
import { ConcurrentAppendError } from '../errors.ts';
import { MemoryEventLog } from './memoryEventLog.ts';
import { MemoryServer } from './memoryServer.ts';
import { VirtualClock } from './virtualClock.ts';

test('a server in memory that does not deliver keeps jobs until it does, also those that are handed back', async () => {
  const server = new MemoryServer(new VirtualClock(0), { delivers: false });
  const log = new MemoryEventLog(server);
  const [first, second] = [new JobScript(), new JobScript()];
  await log.append(first.create(), 0);
  await using queue = await openTestQueue(log, { jobType: first.jobType }, (delivery) => {
    server.deliver(false);
    if (delivery.deliveryCount === 1) delivery.nak();
    else delivery.ack();
  });
  await log.append(second.create(), 0);
  const delivered = async () => {
    await turn();
    return queue.deliveries.map(({ jobId, deliveryCount }) => [jobId, deliveryCount]);
  };
  expect(await delivered()).toEqual([]);
  server.deliver(true);
  expect(await delivered()).toEqual([[first.jobId, 1]]);
  server.deliver(true);
  expect(await delivered()).toEqual([
    [first.jobId, 1],
    [first.jobId, 2],
  ]);
});

test('a stream in memory that has lost its beginning keeps what came later, and counts on', async () => {
  const server = new MemoryServer(new VirtualClock(0));
  const log = new MemoryEventLog(server);
  const { stream } = server;
  const [old, young, key] = [new JobScript(), new JobScript(), 'key'];
  await log.append(old.create(), 0, { key, after: 0 });
  const created = await log.append(young.create(), 0);
  const started = await log.append(young.start(), created);
  expect(stream.lastClaim('unique.key')).toMatchObject({ sequence: 1 });
  stream.purgeBefore(started);
  stream.purgeBefore(created);
  expect([stream.firstSequence, stream.lastSequence]).toEqual([started, started]);
  expect(stream.lastClaim('unique.key')).toBeUndefined();
  expect(await log.readJob(old.jobId)).toBeUndefined();
  expect(await stream.at(created)).toBeUndefined();
  expect((await stream.at(started))?.sequence).toBe(started);
  expect((await stream.from(1, { count: 5 })).map(({ sequence }) => sequence)).toEqual([started]);
  expect(stream.after(started)).toEqual([]);
  await expect(log.append(young.complete(), created)).rejects.toThrow(ConcurrentAppendError);
  const again = new JobScript({ jobId: old.jobId }).create();
  expect(await log.append(again, 0, { key, after: 0 })).toBe(started + 2);
});
