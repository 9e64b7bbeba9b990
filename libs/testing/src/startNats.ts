import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/tools';
import { guardOfThisProcess } from './guardOfThisProcess.ts';

export interface StartNatsOptions {
  /** More lines for the server's configuration file. */
  extraConfig?: string;
  maxPayload?: string;
  /** The server's name over all restarts, for the members of a cluster. */
  name?: string;
  /** Syncs every write before it is acknowledged, which the project's own server does unless told otherwise. */
  syncAlways?: boolean;
  /** A folder of the caller's for the data, which stays; without it a fresh one that goes with the server. */
  dataDir?: string;
  /** Another server program than the one that the project uses, for instance an older one. */
  binary?: string;
}

/** A nats-server of its own for one test: `await using nats = await startNats()`. */
export interface TestNats extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  /** Freezes the server: connections stay open and nothing is answered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a nats-server with JetStream on a free loopback port, unless told otherwise in a fresh folder that goes with it. */
export async function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
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
