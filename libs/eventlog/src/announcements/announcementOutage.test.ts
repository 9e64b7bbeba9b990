import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announced, beating } from '../../testing/announced.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { createWithQuickExpiry } from '../../testing/quickExpiry.ts';
import { AnnouncementRefusedError, LogUnavailableError } from '../errors.ts';
import type { EventLog } from '../eventLog.ts';

describe('an outage of the server', () => {
  test('leaves a registry with what it knew, and afterwards it knows what expired meanwhile', async () => {
    await using nats = await startNats();
    await createWithQuickExpiry(nats.url);
    await using log = await openEventLog({ url: nats.url });
    const registry = await log.announcements.openRegistry();
    await log.announcements.announceType(announced('w'));
    await log.announcements.heartbeat(beating('w'));
    await eventually(() => expect(registry.type('thumbnail')?.announcements).toMatchObject([{ live: true }]));
    await nats.kill();
    await eventually(() => expect(log.isConnected()).toBe(false));
    expect(registry.type('thumbnail')?.announcements).toMatchObject([{ live: true }]);
    await expect(log.announcements.heartbeat(beating('w'))).rejects.toThrow(LogUnavailableError);
    await nats.restart();
    await eventually(() => expect(registry.type('thumbnail')?.announcements).toMatchObject([{ live: false }]));
    await log.announcements.heartbeat(beating('w'));
    await eventually(() => expect(registry.type('thumbnail')?.announcements).toMatchObject([{ live: true }]));
  });

  test('ends with what the streams have, although no message reports what else is gone', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url });
    const registry = await log.announcements.openRegistry();
    for (const worker of ['kept', 'purged']) {
      await log.announcements.announceType(announced(worker));
      await log.announcements.heartbeat(beating(worker));
    }
    await eventually(() => expect(registry.workers()).toHaveLength(2));
    await purge(nats.url);
    await nats.restart();
    await eventually(() => expect(registry.workers().map(({ worker }) => worker)).toEqual(['kept']));
    expect(registry.type('thumbnail')?.announcements).toMatchObject([{ worker: 'kept' }]);
  });
});

describe('a server without the streams of announcements', () => {
  const user = { user: 'api', password: 'secret' };
  const create = '$JS.API.STREAM.CREATE';
  const extraConfig = `authorization { users: [
    { user: migrate, password: secret },
    { user: api, password: secret, permissions: { publish: { allow: ">", deny: ["${create}.WORKERS", "${create}.TYPES"] } } }
  ] }`;

  test('is used by a user that may not create them, and their messages are refused', async () => {
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (_details: object, message: string) => void warnings.push(message) };
    await using nats = await startNats({ extraConfig });
    await using log = await openEventLog({ url: nats.url, ...user, logger });
    const registry = await log.announcements.openRegistry();
    await expect(log.announcements.announceType(announced('w'))).rejects.toThrow(AnnouncementRefusedError);
    await expect(log.announcements.heartbeat(beating('w'))).rejects.toThrow(AnnouncementRefusedError);
    expect([registry.types(), registry.workers()]).toEqual([[], []]);
    const unfollowed = 'stream cannot be followed, trying again until it can';
    expect(warnings).toEqual([...Array<string>(2).fill('workers and job types stay unknown'), unfollowed, unfollowed]);
  });

  test('is used with the permissions of a release that knew no announcements', async () => {
    const denied = ['WORKERS', 'TYPES'].flatMap((name) => [
      `$JS.API.STREAM.*.${name}`,
      `$JS.API.CONSUMER.CREATE.${name}.>`,
    ]);
    const deny = JSON.stringify([...denied, 'workers.>', 'types.>']);
    const permissions = `permissions: { publish: { allow: ">", deny: ${deny} } }`;
    await using nats = await startNats({
      extraConfig: `authorization { users: [{ user: api, password: secret, ${permissions} }] }`,
    });
    await using log = await openEventLog({ url: nats.url, ...user, deadlineMs: 500 });
    const registry = await log.announcements.openRegistry();
    await expect(log.announcements.heartbeat(beating('w'))).rejects.toThrow(LogUnavailableError);
    expect(registry.workers()).toEqual([]);
    expect(await log.append(new JobScript().create(), 0)).toBe(1);
  });

  test('is followed as soon as it has them', async () => {
    await using nats = await startNats({ extraConfig });
    await using log = await openEventLog({ url: nats.url, ...user });
    const registry = await log.announcements.openRegistry();
    await using migrate = await openEventLog({ url: nats.url, ...user, user: 'migrate' });
    await migrate.announcements.announceType(announced('w'));
    await eventually(() => expect(registry.type('thumbnail')).toBeDefined());
  });
});

const removeType = ({ announcements }: EventLog) => announcements.removeType('thumbnail');
const removeWorker = ({ announcements }: EventLog) => announcements.removeWorker('w');

test.each([
  ['type', 'TYPES', removeType],
  ['worker', 'TYPES', removeWorker],
  ['worker', 'WORKERS', removeWorker],
] as const)(
  'the removal of a %s whose messages stay in %s fails, and can be repeated',
  async (_what, stream, remove) => {
    const permissions = `permissions: { publish: { allow: ">", deny: ["$JS.API.STREAM.PURGE.${stream}"] } }`;
    const extraConfig = `authorization { users: [
    { user: operator, password: secret }, { user: api, password: secret, ${permissions} }
  ] }`;
    await using nats = await startNats({ extraConfig });
    await using log = await openEventLog({ url: nats.url, user: 'api', password: 'secret' });
    await log.announcements.announceType(announced('w'));
    await expect(remove(log)).rejects.toThrow(LogUnavailableError);
    await using allowed = await openEventLog({ url: nats.url, user: 'operator', password: 'secret' });
    await remove(allowed);
  },
);

/** Removes everything about the worker `purged`, as the `nats` command line would. */
async function purge(url: string): Promise<void> {
  const nats = await connect({ servers: url });
  const { streams } = await jetstreamManager(nats);
  await streams.purge('TYPES', { filter: 'types.*.purged' });
  await streams.purge('WORKERS', { filter: 'workers.purged' });
  await nats.close();
}
