import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
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
