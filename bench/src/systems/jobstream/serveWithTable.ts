import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { repositoryRoot } from '@jobstream/servers';
import { untilFollowed } from '../../servers/followers.ts';
import type { Durability, RunningServers } from '../../servers/runningServers.ts';
import { startNats } from '../../servers/startNats.ts';
import { startPostgres } from '../../servers/startPostgres.ts';
import { startProcess } from '../../servers/startProcess.ts';

const PROJECTOR = path.join(repositoryRoot, 'apps/projector/src/main.ts');

/** nats-server, Postgres and a projector process. The address names both servers, with a space between. */
export async function serveWithTable(folder: string, durability: Durability): Promise<RunningServers> {
  const [nats, postgres] = await Promise.all([startNats(folder, durability), startPostgres(folder)]);
  await migrate(postgres.address);
  const env = {
    ...process.env,
    NATS_URL: nats.address,
    DATABASE_URL: postgres.address,
    HEALTH_PORT: '0',
    LOG_LEVEL: 'error',
  };
  const projector = await startProcess(process.execPath, [PROJECTOR], { env });
  const table = new ReadModel({ databaseUrl: postgres.address, name: 'bench' });
  const follower = { name: 'table', position: async () => (await table.readCheckpoint())?.lastSequence ?? 0 };
  return {
    address: `${nats.address} ${postgres.address}`,
    processes: { ...nats.processes, ...postgres.processes, projector: projector.pid },
    caughtUp: () => untilFollowed({ login: { servers: nats.address }, stream: JOBS_STREAM }, [follower]),
    async stop() {
      await table.stop();
      await projector.stop();
      await Promise.all([nats.stop(), postgres.stop()]);
    },
  };
}
