import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventLog } from '../../eventLog.ts';
import type { EventFeed, LogEntry } from '../logEntry.ts';
import { takeReservedFollower } from './reservedFollowers.ts';
import { Connection } from '../../connection/connection.ts';
import { JOBS_STREAM } from '../../streams/streams.ts';
import { JobScript } from '../../../testing/jobScript.ts';
import { openEventLog } from '../../../testing/openEventLog.ts';

/** May do all but create consumers. */
const FOLLOWER = { user: 'follower', password: 'secret' } as const;
const ADMIN = { user: 'admin', password: 'secret' } as const;
const extraConfig = `authorization { users: [
  { user: ${ADMIN.user}, password: ${ADMIN.password} }
  { user: ${FOLLOWER.user}, password: ${FOLLOWER.password}, permissions {
    publish { deny: ["$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.DURABLE.>"] } } }
] }`;

let nats: TestNats;
let log: EventLog & AsyncDisposable;

beforeAll(async () => {
  nats = await startNats({ extraConfig });
  log = await openEventLog({ url: nats.url, ...ADMIN, managesConsumers: {} });
  await log.consumers.createProcessConsumers();
  for (let job = 0; job < 20; job++) await log.append(new JobScript().create(), 0);
});

afterAll(async () => {
  await log?.stop();
  await nats?.stop();
});

const openAsFollower = () => openEventLog({ url: nats.url, ...FOLLOWER });

async function openAsAdmin(): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({ servers: nats.url, user: ADMIN.user, pass: ADMIN.password });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

/** Collects the sequences of a feed in the background. */
function sequencesOf(feed: EventFeed): number[] {
  const sequences: number[] = [];
  const run = async () => {
    for await (const batch of feed) sequences.push(...batch.map(({ sequence }: LogEntry) => sequence));
  };
  void run();
  return sequences;
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('a user that may not create consumers follows the log, several times at once, and each follower gets everything', async () => {
  await using follower = await openAsFollower();
  const last = await log.lastSequence();
  const starts = [0, 5, 10];
  const feeds = starts.map((after) => follower.follow({ after }));
  const followed = feeds.map(sequencesOf);
  await eventually(() => expect(followed).toEqual(starts.map((after) => range(after + 1, last))));
  await log.append(new JobScript().create(), 0);
  await eventually(() => expect(followed).toEqual(starts.map((after) => range(after + 1, last + 1))));
  for (const feed of feeds) await feed.stop();
});

test.each([
  ['back', -15],
  ['ahead', 100],
])('a follower whose consumer another process has moved %s goes on with another, without a gap', async (_to, by) => {
  const reasons: unknown[] = [];
  const logger = { info: ({ reason }: { reason?: string }) => void reasons.push(reason), warn: () => undefined };
  await using follower = await openEventLog({ url: nats.url, ...FOLLOWER, logger });
  const feed = follower.follow({ after: 0 });
  const followed = sequencesOf(feed);
  const last = await log.lastSequence();
  await eventually(() => expect(followed).toHaveLength(last));
  await using admin = await openAsAdmin();
  for (const name of ['projector-1', 'projector-2', 'projector-3', 'projector-4'])
    await admin.request(`$JS.API.CONSUMER.RESET.JOBS.${name}`, JSON.stringify({ seq: last + by }));
  await eventually(() => expect(reasons).not.toEqual([]));
  await log.append(new JobScript().create(), 0);
  await eventually(() => expect(followed).toEqual(range(1, last + 1)));
  await feed.stop();
});

test('a follower that begins before the first message begins with the first', async () => {
  await using admin = await openAsAdmin();
  const { streams } = await jetstreamManager(admin);
  await streams.update('JOBS', { discard: DiscardPolicy.Old, max_msgs: 3 });
  await streams.update('JOBS', { discard: DiscardPolicy.New, max_msgs: -1 });
  await using follower = await openAsFollower();
  const last = await log.lastSequence();
  const feed = follower.follow({ after: 0 });
  const followed = sequencesOf(feed);
  await eventually(() => expect(followed).toEqual(range(last - 2, last)));
  await feed.stop();
});

test('where there are none, a follower says so and goes on as soon as somebody has created them', async () => {
  await using own = await startNats({ extraConfig });
  await using admin = await openEventLog({ url: own.url, ...ADMIN });
  await admin.append(new JobScript().create(), 0);
  const reasons: unknown[] = [];
  const logger = { info: ({ reason }: { reason?: string }) => void reasons.push(reason), warn: () => undefined };
  await using follower = await openEventLog({ url: own.url, ...FOLLOWER, logger });
  const feed = follower.follow({ after: 0 });
  const followed = sequencesOf(feed);
  await eventually(() => expect(reasons).toEqual([expect.stringContaining('the command migrate creates them')]));
  await admin.consumers.createProcessConsumers();
  await eventually(() => expect(followed).toEqual([1]));
  await feed.stop();
});

test('a user that may create consumers follows with its own where there are no others', async () => {
  await using own = await startNats({ extraConfig });
  await using admin = await openEventLog({ url: own.url, ...ADMIN });
  await admin.append(new JobScript().create(), 0);
  const feed = admin.follow({ after: 0 });
  const followed = sequencesOf(feed);
  await eventually(() => expect(followed).toEqual([1]));
  await feed.stop();
});

test('when all are in use, the next one is told so', async () => {
  const connection = await Connection.open({ url: nats.url, name: 'test', ...FOLLOWER });
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  for (let taken = 0; taken < 4; taken++) {
    const { name = '' } = (await takeReservedFollower({ connection, manager }, 0)) ?? {};
    const reply = connection.newInbox();
    connection.nats.subscribe(reply);
    const request = JSON.stringify({ batch: 100, expires: 30_000_000_000 });
    connection.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.JOBS.${name}`, request, { reply });
    // The server takes note of a request a moment after it has it.
    await eventually(async () =>
      expect(await manager.consumers.info(JOBS_STREAM, name)).toMatchObject({ num_waiting: 1 }),
    );
  }
  await expect(takeReservedFollower({ connection, manager }, 0)).rejects.toThrow(
    'all of projector-1, projector-2, projector-3, projector-4 are in use',
  );
  await connection.close();
});
