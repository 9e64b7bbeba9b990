import { realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import { scratchDataFolder } from '../scratchDataFolder.ts';
import type { TestPostgres } from '../testServers.ts';
import { EmbeddedPostgres, resolvePostgres } from '@jobstream/servers';

/** Starts a Postgres as a local process, of the major version in TEST_POSTGRES if that is set. */
export async function startEmbeddedPostgres(settings: Record<string, string>): Promise<TestPostgres> {
  const major = process.env['TEST_POSTGRES'];
  const packageFolder = major === undefined ? undefined : await resolvePostgres(major);
  const guard = guardOfThisProcess();
  const dataDir = await scratchDataFolder('postgres');
  guard.remove(dataDir);
  const server = new EmbeddedPostgres({ dataDir, settings, guard, packageFolder });
  await server.start();
  // If Postgres's account cannot reach the temporary folder, the data is stored behind a link.
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
