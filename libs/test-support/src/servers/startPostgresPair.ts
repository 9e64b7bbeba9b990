import { realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedPostgres, runCommand } from '@jobstream/servers';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import { queryDatabase } from '../queryDatabase.ts';
import { scratchDataFolder } from '../scratchDataFolder.ts';
import { startDatabaseProxy, startTcpProxy, type TcpProxy } from './startTcpProxy.ts';

/** A Postgres, and a standby without which it acknowledges no commit that is synchronous. */
export interface PostgresPair extends AsyncDisposable {
  /** The URL of an empty database on the primary, whichever that is. */
  readonly url: string;
  /** Cuts the standby off: synchronous commits wait from then on. */
  cutReplication(): Promise<void>;
  /** Kills the primary with SIGKILL and makes the standby the primary. */
  failOver(): Promise<void>;
}

const STANDBY = 'standby';

/** Starts a pair on free loopback ports, whose data is deleted with it; never in containers. */
export async function startPostgresPair(): Promise<PostgresPair> {
  await using stack = new AsyncDisposableStack();
  const folders = await Promise.all(['primary', STANDBY].map((name) => scratchFolder(name, stack)));
  const [ofPrimary = '', ofStandby = ''] = folders;
  await copyCluster(ofPrimary, ofStandby);
  const primary = await start(ofPrimary, { synchronous_standby_names: STANDBY }, stack);
  const replication = stack.use(await startTcpProxy(primary.port));
  const standby = await start(ofStandby, { primary_conninfo: conninfo(primary.url, replication) }, stack);
  const address = stack.use(await startDatabaseProxy(primary.url));
  const owned = stack.move();
  return {
    url: address.url,
    cutReplication: () => replication.cut(),
    async failOver() {
      await primary.kill();
      await queryDatabase(standby.url, 'SELECT pg_promote()');
      address.redirect(standby.port);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function scratchFolder(name: string, stack: AsyncDisposableStack): Promise<string> {
  const folder = await scratchDataFolder(name);
  guardOfThisProcess().remove(folder);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes a cluster, and a copy of it that begins as a standby. */
async function copyCluster(from: string, to: string): Promise<void> {
  await using original = new EmbeddedPostgres({ dataDir: from, guard: guardOfThisProcess() });
  await original.start();
  await original.stop();
  const home = path.join(to, 'postgres');
  await runCommand('cp', ['-a', await realpath(path.join(from, 'postgres')), home]); // with the account that owns it
  await writeFile(path.join(home, 'data', 'standby.signal'), '');
}

async function start(
  dataDir: string,
  settings: Record<string, string>,
  stack: AsyncDisposableStack,
): Promise<EmbeddedPostgres> {
  const server = stack.use(new EmbeddedPostgres({ dataDir, settings, guard: guardOfThisProcess() }));
  await server.start();
  return server;
}

function conninfo(primaryUrl: string, { port }: TcpProxy): string {
  const { hostname, username, password } = new URL(primaryUrl);
  return `host=${hostname} port=${port} user=${username} password=${password} application_name=${STANDBY}`;
}
