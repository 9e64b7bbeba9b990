import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/servers';
import { guardOfThisProcess } from '@jobstream/test-support';
import { BASELINE_STREAM } from '../baseline/baselineStream.ts';
import type { Durability, RunningServers } from './runningServers.ts';

export async function startNats(folder: string, durability: Durability): Promise<RunningServers> {
  const server = new EmbeddedNats({
    binary: await resolveNatsServer(),
    dataDir: path.join(folder, 'nats'),
    syncAlways: durability === 'fsync',
    stagedInMemory: [JOBS_STREAM, BASELINE_STREAM],
    guard: guardOfThisProcess(),
  });
  await server.start();
  return { address: server.url, processes: { 'nats-server': server.pid ?? 0 }, stop: () => server.stop() };
}
