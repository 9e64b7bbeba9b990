import { resolveOldNatsServer } from '@jobstream/servers';
import { eventually, freePort, resolveNatsServer, startNats } from '@jobstream/test-support';
import type { TestNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { openEventLog } from '../../testing/openEventLog.ts';
import { diagnoseLog } from './diagnoseLog.ts';

const ALL = ['JOBS', 'TIMERS', 'WORKERS', 'TYPES'];

async function troublesAt(url: string, user?: string, password?: string): Promise<unknown> {
  return (await diagnoseLog({ url, name: 'test', user, password })).troubles;
}

test('a log that can be used has no troubles, and its server tells the time', async () => {
  await using nats = await startNats();
  expect(await troublesAt(nats.url)).toEqual([{ kind: 'missing', streams: ALL }]);
  await using _log = await openEventLog({ url: nats.url });
  const { troubles, clockOffsetMs } = await diagnoseLog({ url: nats.url, name: 'test' });
  expect(troubles).toEqual([]);
  expect(clockOffsetMs).toBeTypeOf('number');
});

test('a server that is away is unreachable', async () => {
  const url = `nats://127.0.0.1:${await freePort()}`;
  expect(await troublesAt(url)).toEqual([{ kind: 'unreachable', reason: expect.any(String) }]);
});

test('an old server is unsupported', async ({ skip }) => {
  const old = await resolveOldNatsServer();
  if ('missing' in old) return skip(old.missing);
  await using nats = await startNats({ binary: old.binary, syncAlways: false });
  expect(await troublesAt(nats.url)).toEqual([
    { kind: 'unsupported', reason: expect.stringContaining('2.14.4 or newer is needed') },
  ]);
});

test('wrong credentials, an account without JetStream and a user without permissions are told apart', async () => {
  const permissions = 'permissions: {publish: ["$JS.API.STREAM.INFO.JOBS"], subscribe: ["_INBOX_test.>"]}';
  await using nats = await startNats({
    extraConfig: `accounts {
      BARE { users: [{user: app, password: secret}] }
      LOG { jetstream: enabled, users: [{user: some, password: secret, ${permissions}}] }
    }`,
  });
  expect(await troublesAt(nats.url, 'app', 'wrong')).toEqual([{ kind: 'credentials-refused' }]);
  expect(await troublesAt(nats.url, 'app', 'secret')).toEqual([{ kind: 'no-jetstream' }]);
  expect(await troublesAt(nats.url, 'some', 'secret')).toEqual([
    { kind: 'no-permission', streams: ['TIMERS', 'WORKERS', 'TYPES'] },
    { kind: 'missing', streams: ['JOBS'] },
  ]);
});

/** Three local processes, also where other servers are containers: they look for each other on the loopback. */
async function startCluster(): Promise<readonly [TestNats, TestNats, TestNats]> {
  const routes = await Promise.all([freePort(), freePort(), freePort()]);
  const binary = await resolveNatsServer();
  const start = (port: number) =>
    startNats({
      name: `nats-${port}`,
      binary,
      extraConfig: `cluster {
        name: test, listen: "127.0.0.1:${port}", no_advertise: true
        routes: [${routes
          .filter((other) => other !== port)
          .map((other) => `"nats://127.0.0.1:${other}"`)
          .join(', ')}]
      }`,
    });
  return Promise.all([start(routes[0]), start(routes[1]), start(routes[2])]);
}

test('a cluster that has lost two of its three servers has no leader', async () => {
  const [first, second, third] = await startCluster();
  await using stack = new AsyncDisposableStack();
  for (const server of [first, second, third]) stack.use(server);
  const isReady = async () => {
    await using _log = await openEventLog({ url: first.url, replicas: 3 });
  };
  await eventually(isReady);
  expect(await troublesAt(first.url)).toEqual([]);
  await Promise.all([second.kill(), third.kill()]);
  const hasNoLeader = async () => expect(await troublesAt(first.url)).toEqual([{ kind: 'no-leader' }]);
  await eventually(hasNoLeader);
});
