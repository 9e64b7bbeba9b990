import { PROTOCOL_VERSION, UNIQUE_PROTOCOL } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { beating } from '../../testing/announced.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { createWithQuickExpiry } from '../../testing/quickExpiry.ts';
import type { Announcements } from './announcements.ts';
import { ProcessHeartbeat } from './processHeartbeat.ts';

const on = useEventLog();
const logger = { info: () => undefined, warn: () => undefined };

test('an event is written only while every live process understands it', async () => {
  const processes = await on.log.announcements.openLiveProcesses();
  const api = new ProcessHeartbeat({ log: on.log, role: 'api', logger });
  expect(processes.canWrite('JobCreated')).toBe(false);
  await api.start();
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(true));
  await on.log.announcements.heartbeat(beating('new', { protocol: PROTOCOL_VERSION }));
  await on.log.announcements.heartbeat(beating('old'));
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(false));
  expect(processes.canWrite('JobCreated')).toBe(true);
  await api.stop();
});

test('the processes that are older than a version of the protocol are named', async () => {
  const processes = await on.log.announcements.openLiveProcesses();
  await on.log.announcements.heartbeat(beating('same', { protocol: UNIQUE_PROTOCOL }));
  await on.log.announcements.heartbeat(beating('older', { protocol: UNIQUE_PROTOCOL - 1 }));
  const names = (protocol: number) => processes.olderThan(protocol).map(({ worker }) => worker);
  await eventually(() => expect(names(UNIQUE_PROTOCOL + 1)).toEqual(expect.arrayContaining(['same', 'older'])));
  expect(names(UNIQUE_PROTOCOL)).toContain('older');
  expect(names(UNIQUE_PROTOCOL)).not.toContain('same');
});

test('a heartbeat of an API is not one of a worker', async () => {
  const registry = await on.log.announcements.openRegistry();
  const projector = new ProcessHeartbeat({ log: on.log, role: 'projector', logger });
  await projector.start();
  await on.log.announcements.heartbeat(beating('w1'));
  await eventually(() => expect(registry.workers().map(({ worker }) => worker)).toContain('w1'));
  expect(registry.workers().filter(({ worker }) => worker.startsWith('projector-'))).toEqual([]);
  await projector.stop();
});

// Each with a server of its own; they wait for it most of the time.
test.concurrent('a process counts as gone when its heartbeats have expired', async () => {
  await using nats = await startNats();
  await createWithQuickExpiry(nats.url);
  await using log = await openEventLog({ url: nats.url });
  const processes = await log.announcements.openLiveProcesses();
  const api = new ProcessHeartbeat({ log, role: 'api', logger, intervalMs: 100 });
  await api.start();
  await log.announcements.heartbeat(beating('old'));
  const canWrite = () => [processes.canWrite('JobCreated'), processes.canWrite('JobCarried')];
  await eventually(() => expect(canWrite()).toEqual([true, false]));
  await eventually(() => expect(canWrite()).toEqual([true, true]));
  await api.stop();
});

test.concurrent('nothing new is written while it is not known which processes live', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const api = new ProcessHeartbeat({ log, role: 'api', logger });
  await api.start();
  const processes = await log.announcements.openLiveProcesses();
  expect(processes.canWrite('JobCarried')).toBe(true);
  await nats.kill('SIGKILL');
  await eventually(() => expect(processes.canWrite('JobCreated')).toBe(false));
  await nats.restart();
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(true));
  await api.stop();
});

test.concurrent('a process that may not create consumers knows who lives as well, and who is gone', async () => {
  const user = { user: 'projector', password: 'secret' };
  const users = `authorization { users: [{ user: ${user.user}, password: ${user.password} }] }`;
  await using nats = await startNats({ extraConfig: `${users}\nno_auth_user: ${user.user}` });
  await using log = await openEventLog({ url: nats.url, ...user });
  const processes = await log.announcements.openLiveProcesses();
  expect(processes.canWrite('JobCreated')).toBe(false);
  const api = new ProcessHeartbeat({ log, role: 'api', logger, intervalMs: 100 });
  await api.start();
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(true));
  await log.announcements.heartbeat(beating('old'));
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(false));
  // Without a marker of the server in its place, as after a minute.
  const connection = await connect({ servers: nats.url });
  await (await jetstreamManager(connection)).streams.purge('WORKERS', { filter: 'workers.old' });
  await connection.close();
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(true));
  await nats.kill('SIGKILL');
  await eventually(() => expect(processes.canWrite('JobCreated')).toBe(false));
  await nats.restart();
  await eventually(() => expect(processes.canWrite('JobCarried')).toBe(true));
  await api.stop();
});

test('a process that cannot announce itself says so once for each time that it could not', async () => {
  const seen = { warnings: 0, heartbeats: 0, fails: true };
  const heartbeat = async () => {
    seen.heartbeats += 1;
    if (seen.fails) throw new Error('no answer');
  };
  const log = { announcements: { heartbeat } as unknown as Announcements };
  const warn = () => void (seen.warnings += 1);
  const api = new ProcessHeartbeat({ log, role: 'api', logger: { info: () => {}, warn }, intervalMs: 1 });
  await api.start();
  const further = async () => {
    const before = seen.heartbeats;
    await eventually(() => expect(seen.heartbeats).toBeGreaterThan(before + 2));
  };
  await further();
  expect(seen.warnings).toBe(1);
  seen.fails = false;
  await further();
  seen.fails = true;
  await further();
  await api.stop();
  expect(seen.warnings).toBe(2);
});
