import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { freePort, natsConfig, natsProbe } from '@jobstream/tools';
import type { ContainerServers } from '@jobstream/tools';
import { GenericContainer, PullPolicy, Wait } from 'testcontainers';
import { containerLogFile } from './containerLogFile.ts';
import { eventually } from './eventually.ts';
import { ServerContainer } from './serverContainer.ts';
import type { StartNatsOptions, TestNats } from './testNats.ts';

const PORT = 4222;
const CONFIG = '/nats-test.conf';
/** Until a server that reads a large store answers, on a machine that does much else. */
const timeoutMs = 60_000;

/** Starts a nats-server in a container, on a free loopback port that it keeps over restarts. */
export async function startNatsContainer(options: StartNatsOptions, servers: ContainerServers): Promise<TestNats> {
  const name = options.name ?? `jobstream-${randomUUID()}`;
  const port = await freePort();
  const started = await container({ ...options, name }, { image: servers.natsImage, port }).start();
  const answers = () => eventually(() => natsProbe('127.0.0.1', port, name), { timeoutMs });
  const logFile = containerLogFile(servers.logFolder, 'nats');
  return testNats(await ServerContainer.of(started, { answers, logFile }), port);
}

function container(options: StartNatsOptions & { name: string }, { image, port }: { image: string; port: number }) {
  const { dataDir, ...wishes } = options;
  const content = natsConfig({ host: '0.0.0.0', port: PORT, storeDir: '/data/jetstream', ...wishes });
  const made = new GenericContainer(image)
    .withPullPolicy(PullPolicy.neverPull())
    .withCopyContentToContainer([{ content, target: CONFIG }])
    .withCommand(['--config', CONFIG])
    .withExposedPorts({ container: PORT, host: port })
    .withWaitStrategy(Wait.forLogMessage('Server is ready'));
  if (dataDir === undefined) return made;
  // With the account of this process, which will want to delete the folder.
  const { uid, gid } = os.userInfo();
  return made.withBindMounts([{ source: dataDir, target: '/data' }]).withUser(`${uid}:${gid}`);
}

function testNats(server: ServerContainer, port: number): TestNats {
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
