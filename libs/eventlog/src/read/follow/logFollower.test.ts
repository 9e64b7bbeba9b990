import { jetstreamManager } from '@nats-io/jetstream';
import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { eventually, startNats, startTcpProxy } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { Connection } from '../../connection/connection.ts';
import type { EventFeed, LogEntry } from '../logEntry.ts';
import { LogFollower } from './logFollower.ts';
import { silentSink } from '../../connection/logSink.ts';
import { JOBS_STREAM } from '../../streams/streams.ts';
import { JobScript } from '../../../testing/jobScript.ts';
import { openEventLog } from '../../../testing/openEventLog.ts';
import { expireAllBut, publishRaw } from '../../../testing/publishRaw.ts';

/** Collects a feed in the background. */
function collect(feed: EventFeed): { entries: LogEntry[]; ended: Promise<void> } {
  const entries: LogEntry[] = [];
  const run = async () => {
    for await (const batch of feed) entries.push(...batch);
  };
  return { entries, ended: run() };
}

test('yields stored and then new entries after the position, in order', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const events = Array.from({ length: 6 }, () => new JobScript().create());
  for (const event of events.slice(0, 4)) await log.append(event, 0);
  const feed = log.follow({ after: 2 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(2));
  for (const event of events.slice(4)) await log.append(event, 0);
  await eventually(() => expect(entries).toHaveLength(4));
  await feed.stop();
  await ended;
  expect(entries).toMatchObject(events.slice(2).map((event, index) => ({ kind: 'event', sequence: index + 3, event })));
});

test('reads a long log with one consumer', async () => {
  const lost: unknown[] = [];
  const info = (details: object) => void ('reason' in details && lost.push(details.reason));
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, logger: { info, warn: () => undefined }, deadlineMs: 20_000 });
  const events = Array.from({ length: 12_000 }, () => new JobScript().create());
  await Promise.all(events.map((event) => log.append(event, 0)));
  const feed = log.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(events.length));
  await feed.stop();
  await ended;
  expect(entries.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  // A busy machine may lose the connection, and each connection has its own consumer.
  expect(lost.filter((reason) => !String(reason).endsWith('the connection was lost'))).toEqual([]);
});

test('yields each entry once when the server is killed and restarted', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, deadlineMs: 20_000 });
  const feed = log.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 300 }, () => log.append(new JobScript().create(), 0)));
    await nats.kill('SIGKILL');
    await nats.restart();
    await eventually(() => expect(log.isConnected()).toBe(true));
  }
  const last = await log.lastSequence();
  await eventually(() => expect(entries.at(-1)?.sequence).toBe(last));
  expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  await feed.stop();
  await ended;
});

test('yields malformed messages, messages about other things, and the size of each', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  await publishRaw(nats.url, 'jobs.email.x.created', 'not JSON');
  await publishRaw(nats.url, 'jobs.email.x.created', '{"v":1}');
  await publishRaw(nats.url, 'schedules.nightly.created', '{}');
  const event = new JobScript().create();
  await log.append(event, 0);
  const feed = log.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(4));
  expect(entries).toMatchObject([
    { kind: 'malformed', sequence: 1, bytes: 8, subject: 'jobs.email.x.created', body: Buffer.from('not JSON') },
    { kind: 'malformed', sequence: 2, bytes: 7 },
    { kind: 'other', sequence: 3, bytes: 2 },
    { kind: 'event', sequence: 4, bytes: encodeJobEvent(event).length, event },
  ]);
  await feed.stop();
  await ended;
});

test('an event of a newer release is unreadable, what only looks like one is malformed, and the feed goes on', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const unreadable = { ...new JobScript().create(), v: 2 };
  const junk = { ...new JobScript().create(), v: 2 };
  await log.append(unreadable as unknown as JobEvent, 0);
  await publishRaw(nats.url, `jobs.email.${junk.jobId}.created`, JSON.stringify(junk));
  await log.append(new JobScript().create(), 0);
  const feed = log.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(3));
  const event = {
    event: 'UnreadableEvent',
    name: 'JobCreated',
    jobId: unreadable.jobId,
    jobType: 'email',
    version: 1,
  };
  expect(entries).toMatchObject([
    { kind: 'unreadable', sequence: 1, event, reason: 'schema version 2 is newer than this release' },
    { kind: 'malformed', sequence: 2 },
    { kind: 'event', sequence: 3 },
  ]);
  await feed.stop();
  await ended;
});

test('without an archive it begins at the first message left, and warns of messages that expire later', async () => {
  const warnings: object[] = [];
  const logger = { info: () => undefined, warn: (details: object) => void warnings.push(details) };
  await using nats = await startNats();
  await using proxy = await startTcpProxy(nats.port);
  await using writing = await openEventLog({ url: nats.url });
  await using reading = await openEventLog({ url: `nats://127.0.0.1:${proxy.port}`, logger });
  const append = async (count: number) => {
    for (let made = 0; made < count; made++) await writing.append(new JobScript().create(), 0);
  };
  await append(3);
  await expireAllBut(nats.url, 1);
  const feed = reading.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(1));
  expect(warnings).toEqual([]);
  await proxy.cut();
  await append(3);
  await expireAllBut(nats.url, 1);
  await proxy.heal();
  await eventually(() => expect(entries).toHaveLength(2));
  await feed.stop();
  await ended;
  expect(entries.map(({ sequence }) => sequence)).toEqual([3, 6]);
  expect(warnings).toContainEqual({ first: 4, last: 5 });
});

// The server answers the request for a consumer only after the stop.
test('ends when it is stopped while its consumer is being opened', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const feed = log.follow({ after: 0 });
  const next = feed[Symbol.asyncIterator]().next();
  await feed.stop();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('buffers about 16 MB while its reader is busy', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  for (let job = 0; job < 50; job++) await log.append(new JobScript().create({ payload: 'x'.repeat(900_000) }), 0);
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const manager = await jetstreamManager(connection.nats);
  const feed = new LogFollower({ connection, manager, after: 0, sink: silentSink });
  const reading = feed[Symbol.asyncIterator]();
  await reading.next();
  await eventually(async () => {
    const [consumer] = await manager.consumers.list(JOBS_STREAM).next();
    expect(consumer?.num_waiting).toBe(0);
  });
  await connection.nats.flush();
  expect(connection.nats.stats().inBytes).toBeLessThan(24_000_000);
  await feed.stop();
  await reading.return?.();
  await connection.close();
});

test('yields an event of the maximum size', async () => {
  await using nats = await startNats({ maxPayload: '4MB' });
  await using log = await openEventLog({ url: nats.url });
  await log.append(new JobScript().create({ payload: 'x'.repeat(4_000_000) }), 0);
  const feed = log.follow({ after: 0 });
  const { entries, ended } = collect(feed);
  await eventually(() => expect(entries).toHaveLength(1));
  await feed.stop();
  await ended;
});
