import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from './headers.ts';

const on = useEventLog();
/** The client library throws at the first of them. */
const NO_NAMES = { 'no name': '1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** Creates a job, and stores its start with headers whose names are none; returns that and its sequence. */
async function storeStart() {
  const job = new JobScript();
  await on.log.append(job.create(), 0);
  const event = job.start();
  const subject = `jobs.${event.jobType}.${event.jobId}.started`;
  const sequence = await publishRaw(on.nats.url, subject, JSON.stringify(event), NO_NAMES);
  return { event, sequence };
}

test('a feed with traces goes on behind a message whose header names are none', async () => {
  const { event, sequence } = await storeStart();
  const feed = on.log.follow({ after: sequence - 1, traces: true });
  for await (const [entry] of feed) {
    expect(entry).toMatchObject({ kind: 'event', event, traceparent: NO_NAMES.traceparent });
    await feed.stop();
  }
});

test('the archive gets a message whose header names are none as it is', async () => {
  const { sequence } = await storeStart();
  const [message] = await on.log.messages.from(sequence, { count: 1 });
  expect(message).toMatchObject({ sequence, headers: NO_NAMES });
});

test('a worker goes on behind a message whose header names are none', async () => {
  const { event } = await storeStart();
  const subject = `jobs.${event.jobType}.${event.jobId}.requeued`;
  const requeued = { ...event, event: 'JobRequeued', version: 3, data: {} };
  const sequence = await publishRaw(on.nats.url, subject, JSON.stringify(requeued), NO_NAMES);
  await using queue = await openTestQueue(on.log, { jobType: event.jobType });
  const { deliveries } = queue;
  const found = () => deliveries.find(({ recorded }) => recorded?.sequence === sequence);
  await eventually(() => expect(found()).toBeDefined());
  expect(found()).toMatchObject({ traceparent: NO_NAMES.traceparent, recorded: { isFirst: false } });
});

test('no header value of a stranger begins the headers anew', async () => {
  const job = new JobScript();
  const event = job.create();
  const subject = `jobs.${event.jobType}.${event.jobId}.created`;
  const filter = 'jobs.other.>';
  // As text the value ends with what begins headers, and hides those before it from a search for the last beginning.
  const headers = { [EXPECTED_FILTER]: filter, hiding: 'NATS/1.0', [EXPECTED_SEQUENCE]: '0' };
  const sequence = await publishRaw(on.nats.url, subject, JSON.stringify(event), headers);
  const [message] = await on.log.messages.from(sequence, { count: 1 });
  expect(message?.headers).toEqual(headers);
  const feed = on.log.follow({ after: sequence - 1 });
  for await (const [entry] of feed) {
    expect(entry).toMatchObject({ kind: 'malformed', sequence });
    await feed.stop();
  }
});

test('the archive gets headers that are named as those that the server adds', async () => {
  const event = new JobScript().create();
  const subject = `jobs.${event.jobType}.${event.jobId}.created`;
  const headers = { 'Nats-Stream': 'OTHER', 'Nats-Sequence': '7', 'Nats-Subject': 'jobs.other.x.created' };
  const sequence = await publishRaw(on.nats.url, subject, JSON.stringify(event), headers);
  const [message] = await on.log.messages.from(sequence, { count: 1 });
  expect(message).toMatchObject({ sequence, subject });
  expect(message?.headers).toEqual(headers);
});
