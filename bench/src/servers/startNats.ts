import path from 'node:path';
import { EmbeddedNats, resolveNatsServer } from '@jobstream/tools';
import { guardOfThisProcess } from '@jobstream/testing';
import type { Durability } from './durability.ts';
import type { RunningServers } from './runningServers.ts';

export async function startNats(folder: string, durability: Durability): Promise<RunningServers> {
  const server = new EmbeddedNats({
    binary: await resolveNatsServer(),
    dataDir: path.join(folder, 'nats'),
    syncAlways: durability === 'fsync',
    guard: guardOfThisProcess(),
  });
  await server.start();
  return { address: server.url, processes: { 'nats-server': server.pid ?? 0 }, stop: () => server.stop() };
}
