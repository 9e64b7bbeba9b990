import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { eventually } from '../eventually.ts';
import type { ServerContainer } from './serverContainer.ts';
import { startContainer } from './startContainer.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { freePort, natsConfig, natsProbe } from '@jobstream/servers';
import type { ContainerServers } from './chosenServers.ts';

const PORT = 4222;
const CONFIG = '/nats-test.conf';
/** Long enough for a server that reads a large store on a busy machine. */
const timeoutMs = 180_000;

/** Starts a nats-server in a container, on a free loopback port that restarts use again. */
export async function startNatsContainer(options: StartNatsOptions, servers: ContainerServers): Promise<TestNats> {
  const { dataDir, ...wishes } = options;
  const name = options.name ?? `jobstream-${randomUUID()}`;
  const port = await freePort();
  const server = await startContainer({
    image: servers.natsImage,
    name: 'nats',
    logFolder: servers.logFolder,
    command: ['--config', CONFIG],
    ports: { [PORT]: port },
    files: { [CONFIG]: natsConfig({ ...wishes, name, host: '0.0.0.0', port: PORT, storeDir: '/data/jetstream' }) },
    ...(dataDir === undefined ? {} : { folder: { source: dataDir, target: '/data', user: accountOfThisProcess() } }),
    ready: /Server is ready/,
    answers: () => eventually(() => natsProbe('127.0.0.1', port, name), { timeoutMs }),
  });
  return testNats(server, port);
}

/** The account of this process, which deletes the folder later. */
function accountOfThisProcess(): string {
  const { uid, gid } = os.userInfo();
  return `${uid}:${gid}`;
}

function testNats(server: ServerContainer, port: number): TestNats {
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    monitorUrl: undefined,
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: async () => void (await server.stop()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
