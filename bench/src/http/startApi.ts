import path from 'node:path';
import { migrate } from '@jobstream/readmodel';
import { freePort, repositoryRoot } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import type { Durability, RunningServers } from '../servers/runningServers.ts';
import { startNats } from '../servers/startNats.ts';
import { startPostgres } from '../servers/startPostgres.ts';
import { startProcess } from '../servers/startProcess.ts';

const MAIN = 'apps/api/src/main.ts';

/**
 * One API process as it comes, its log included, with its servers. Nothing works on the jobs. `root`: the tree that has the
 * program, default this one; one of an earlier release runs with the tables of this one, as in an upgrade. `flags`:
 * of its Node.
 */
export async function startApi(
  folder: string,
  durability: Durability,
  root = repositoryRoot,
  flags: readonly string[] = [],
): Promise<RunningServers> {
  const [nats, postgres] = await Promise.all([startNats(folder, durability), startPostgres(folder)]);
  await migrate(postgres.address);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    NATS_URL: nats.address,
    DATABASE_URL: postgres.address,
    PORT: String(port),
    GROUP_COMMIT: String(durability === 'fsync'),
    NODE_ENV: 'production',
  };
  const api = await startProcess(process.execPath, [...flags, path.join(root, MAIN)], { env });
  await eventually(() => ready(url), { timeoutMs: 60_000 });
  return {
    address: url,
    processes: { api: api.pid, ...nats.processes, ...postgres.processes },
    async stop() {
      await api.stop();
      await Promise.all([nats.stop(), postgres.stop()]);
    },
  };
}

async function ready(url: string): Promise<void> {
  const { status } = await fetch(`${url}/health/ready`);
  if (status !== 200) throw new Error(`ready answers ${status}`);
}
