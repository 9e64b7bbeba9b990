import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EmbeddedPostgres } from '@jobstream/tools';
import { guardOfThisProcess } from './guardOfThisProcess.ts';

/** A Postgres of its own for one test, for tests that kill or stop it; others take `createDatabase`. */
export interface TestPostgres extends AsyncDisposable {
  /** The address of an empty database. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a fresh Postgres on a free loopback port, its data in a folder that goes with it. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const guard = guardOfThisProcess();
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-postgres-'));
  await chmod(dataDir, 0o755); // run by root, Postgres has another account and must get in
  guard.remove(dataDir);
  const server = new EmbeddedPostgres({ dataDir, settings, guard });
  await server.start();
  // Where Postgres's account cannot reach the folder for scratch files, its data lies behind a link.
  const home = await realpath(path.join(dataDir, 'postgres'));
  guard.remove(home);
  return testPostgres(server, [home, dataDir]);
}

function testPostgres(server: EmbeddedPostgres, folders: string[]): TestPostgres {
  return {
    url: server.url,
    get pid() {
      return server.pid;
    },
    kill: (signal) => server.kill(signal),
    restart: () => server.stop().then(() => server.start()),
    stop: () => server.stop(),
    async [Symbol.asyncDispose]() {
      await server.stop();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}
