import { randomUUID } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, onTestFinished, test } from 'vitest';
import { useEventLog } from '../../testing/openEventLog.ts';
import { Connection } from '../connection/connection.ts';
import { silentSink } from '../connection/logSink.ts';
import type { QueueLane } from './consumers/queueLane.ts';
import { LaneWatch } from './laneWatch.ts';

const on = useEventLog();

/** Watches the lanes of a job type, and returns those that were found. */
async function watch(jobType: string, lookMs: number): Promise<readonly QueueLane[]> {
  const connection = await Connection.open({ url: on.nats.url, name: 'test' });
  const manager = await jetstreamManager(connection.nats);
  const found: QueueLane[] = [];
  const onFound = (lane: QueueLane) => void found.push(lane);
  const lanes = new LaneWatch({ connection, manager, jobType, onFound, sink: silentSink, lookMs });
  await lanes.start();
  onTestFinished(async () => {
    await lanes.stop();
    await connection.close();
  });
  return found;
}

test('finds the lanes that there are at once, and each that begins later as soon as the server tells of it', async () => {
  const jobType = `type-${randomUUID()}`;
  await on.log.lanes.open(jobType, 'low');
  const found = await watch(jobType, 24 * 3_600_000);
  expect(found).toEqual(['low']);
  await on.log.lanes.open(jobType, 'high');
  await eventually(() => expect(found).toEqual(['low', 'high']));
  await on.log.lanes.open(jobType, 'signalled');
  await eventually(() => expect(found).toEqual(['low', 'high', 'signalled']));
});
