import { eventually } from '@jobstream/testing';
import { expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
import { publishRaw } from '../../testing/publishRaw.ts';

const on = useEventLog();
/** The client library throws at the first of them. */
const NO_NAMES = { 'no name': '1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** Stores the creation of a job with headers whose names are none; returns it and its sequence. */
async function storeCreation() {
  const event = new JobScript().create();
  const subject = `jobs.${event.jobType}.${event.jobId}.created`;
  const sequence = await publishRaw(on.nats.url, subject, JSON.stringify(event), NO_NAMES);
  return { event, sequence };
}

test('a feed with traces goes on behind a message whose header names are none', async () => {
  const { event, sequence } = await storeCreation();
  const feed = on.log.follow({ after: sequence - 1, traces: true });
  for await (const [entry] of feed) {
    expect(entry).toMatchObject({ kind: 'event', event, traceparent: undefined });
    await feed.stop();
  }
});

test('the archive gets a message whose header names are none without them', async () => {
  const { sequence } = await storeCreation();
  const [message] = await on.log.messages.from(sequence, { count: 1 });
  expect(message).toMatchObject({ sequence, headers: {} });
});

test('a worker gets a message whose header names are none, but not as the first of its job', async () => {
  const { event, sequence } = await storeCreation();
  await using queue = await openTestQueue(on.log, { jobType: event.jobType });
  const { deliveries } = queue;
  await eventually(() => expect(deliveries.map(({ recorded }) => recorded?.sequence)).toContain(sequence));
  const found = deliveries.find(({ recorded }) => recorded?.sequence === sequence);
  expect(found).toMatchObject({ traceparent: undefined, recorded: { isFirst: false } });
});
