import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/tools';
import { guardOfThisProcess } from './guardOfThisProcess.ts';

export interface StartNatsOptions {
  /** More lines for the server's configuration file. */
  extraConfig?: string;
  maxPayload?: string;
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

/** Starts a fresh nats-server with JetStream on a free loopback port, its data in a folder that goes with it. */
export async function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
  const guard = guardOfThisProcess();
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-nats-'));
  guard.remove(dataDir);
  const binary = options.binary ?? (await resolveNatsServer());
  const server = new EmbeddedNats({ ...options, syncAlways: options.binary === undefined, binary, dataDir, guard });
  await server.start();
  return testNats(server, dataDir);
}

function testNats(server: EmbeddedNats, dataDir: string): TestNats {
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
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
