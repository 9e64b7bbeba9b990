import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { freePort } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import { redisBinary } from './redisBinary.ts';
import type { Durability, RunningServers } from './runningServers.ts';
import { startProcess } from './startProcess.ts';

/** As the manual says for data that must not be lost; otherwise Redis comes with snapshots alone. */
const SYNCED = ['--appendonly', 'yes', '--appendfsync', 'always'];
/** BullMQ asks for this policy; without it Redis may drop jobs. */
const KEPT = ['--maxmemory-policy', 'noeviction'];

export async function startRedis(folder: string, durability: Durability): Promise<RunningServers> {
  const { command, env } = await redisBinary();
  const port = await freePort();
  const dir = path.join(folder, 'redis');
  await mkdir(dir, { recursive: true });
  const listening = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
  const args = [...listening, ...KEPT, ...(durability === 'fsync' ? SYNCED : [])];
  const server = await startProcess(command, args, { env });
  await eventually(() => answers(port));
  return { address: `redis://127.0.0.1:${port}`, processes: { redis: server.pid }, stop: () => server.stop() };
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('PING\r\n'));
    socket.once('data', () => resolve());
    socket.once('error', reject);
  });
}
