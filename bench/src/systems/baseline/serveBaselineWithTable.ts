import path from 'node:path';
import { eventually } from '@jobstream/test-support';
import { Client } from 'pg';
import { BASELINE_STREAM } from '../../baseline/baselineStream.ts';
import { untilFollowed } from '../../servers/followers.ts';
import type { Durability, RunningServers } from '../../servers/runningServers.ts';
import { startNats } from '../../servers/startNats.ts';
import { startPostgres } from '../../servers/startPostgres.ts';
import { startProcess } from '../../servers/startProcess.ts';

const READER = path.resolve(import.meta.dirname, '../../baseline/baselineReaderMain.ts');

/** nats-server, Postgres and the bare reader. The address names both servers, with a space between. */
export async function serveBaselineWithTable(folder: string, durability: Durability): Promise<RunningServers> {
  const [nats, postgres] = await Promise.all([startNats(folder, durability), startPostgres(folder)]);
  const reader = await startProcess(process.execPath, [READER, nats.address, postgres.address], { env: process.env });
  const client = new Client({ connectionString: postgres.address });
  await client.connect();
  const position = async () => {
    const { rows } = await client.query<{ sequence: string }>('SELECT sequence FROM baseline_position');
    return Number(rows[0]?.sequence);
  };
  await eventually(position, { timeoutMs: 60_000 });
  const log = { login: { servers: nats.address }, stream: BASELINE_STREAM };
  return {
    address: `${nats.address} ${postgres.address}`,
    processes: { ...nats.processes, ...postgres.processes, reader: reader.pid },
    caughtUp: () => untilFollowed(log, [{ name: 'bare reader', position }]),
    async stop() {
      await client.end();
      await reader.stop();
      await Promise.all([nats.stop(), postgres.stop()]);
    },
  };
}
