import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/servers';

/** Starts a nats-server as a local process. */
export async function startEmbeddedNats(options: StartNatsOptions): Promise<TestNats> {
  const guard = guardOfThisProcess();
  const dataDir = options.dataDir ?? (await scratchFolder());
  const binary = options.binary ?? (await resolveNatsServer());
  const server = new EmbeddedNats({ syncAlways: options.binary === undefined, ...options, binary, dataDir, guard });
  await server.start();
  return testNats(server, options.dataDir === undefined ? dataDir : undefined);
}

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-nats-'));
  guardOfThisProcess().remove(folder);
  return folder;
}

function testNats(server: EmbeddedNats, scratch: string | undefined): TestNats {
  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    monitorUrl: server.monitorUrl,
    kill: (signal) => server.kill(signal),
    restart: () => server.stop().then(() => server.start()),
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    stop: () => server.stop(),
    async [Symbol.asyncDispose]() {
      await server.stop();
      if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
    },
  };
}
