import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { guardOfThisProcess } from '@jobstream/testing';
import { RULER_STREAM } from '../ruler/rulerStream.ts';
import type { Durability } from './durability.ts';
import type { RunningServers } from './runningServers.ts';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/servers';

export async function startNats(folder: string, durability: Durability): Promise<RunningServers> {
  const server = new EmbeddedNats({
    binary: await resolveNatsServer(),
    dataDir: path.join(folder, 'nats'),
    syncAlways: durability === 'fsync',
    stagedInMemory: [JOBS_STREAM, RULER_STREAM],
    guard: guardOfThisProcess(),
  });
  await server.start();
  return { address: server.url, processes: { 'nats-server': server.pid ?? 0 }, stop: () => server.stop() };
}
