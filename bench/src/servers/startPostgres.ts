import { EmbeddedPostgres } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import type { RunningServers } from './runningServers.ts';

/** The same for all who use Postgres. It syncs every commit by itself, so there is one durability. */
const SETTINGS = { max_connections: '200', shared_buffers: '512MB', max_wal_size: '4GB' };

export function startPostgres(folder: string): Promise<RunningServers> {
  return startPostgresWith(folder, {});
}

/** A Postgres with some settings of its own. */
export async function startPostgresWith(
  folder: string,
  further: Readonly<Record<string, string>>,
): Promise<RunningServers> {
  const settings = { ...SETTINGS, ...further };
  const server = new EmbeddedPostgres({ dataDir: folder, settings, guard: guardOfThisProcess() });
  await server.start();
  return { address: server.url, processes: { postgres: server.pid ?? 0 }, stop: () => server.stop() };
}
