import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { DiskWatch, EmbeddedNats, resolveNatsServer } from '@jobstream/servers';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of all tests, which is looked for once; undefined with `TEST_SETUP=none`. */
    natsServer: string | undefined;
  }
}

/** Starts a nats-server as a local process. */
export async function startEmbeddedNats(options: StartNatsOptions): Promise<TestNats> {
  const guard = guardOfThisProcess();
  const dataDir = options.dataDir ?? (await scratchFolder());
  const binary = options.binary ?? providedServer() ?? (await resolveNatsServer());
  const monitored = options.monitored === true || options.watchDisk !== undefined;
  const own = { binary, dataDir, guard, monitored };
  const server = new EmbeddedNats({ syncAlways: options.binary === undefined, ...options, ...own });
  await server.start();
  const watch = watchOver(server, options);
  return testNats({ server, watch, scratch: options.dataDir === undefined ? dataDir : undefined });
}

/** Outside of tests, as in benchmarks and the fault suite, nothing is provided, and `inject` throws. */
function providedServer(): string | undefined {
  try {
    return inject('natsServer');
  } catch {
    return undefined;
  }
}

function watchOver(server: EmbeddedNats, { watchDisk: report }: StartNatsOptions): DiskWatch | undefined {
  if (report === undefined) return undefined;
  const watch = new DiskWatch({ server, restart: () => restart(server), report });
  watch.start();
  return watch;
}

async function restart(server: EmbeddedNats): Promise<void> {
  await server.stop();
  await server.start();
}

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-nats-'));
  guardOfThisProcess().remove(folder);
  return folder;
}

interface Started {
  readonly server: EmbeddedNats;
  readonly watch: DiskWatch | undefined;
  /** The folder that is deleted with the server. */
  readonly scratch: string | undefined;
}

function testNats({ server, watch, scratch }: Started): TestNats {
  const stop = () => {
    watch?.stop();
    return server.stop();
  };
  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    monitorUrl: server.monitorUrl,
    kill: (signal) => server.kill(signal),
    restart: () => restart(server),
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
    },
  };
}
