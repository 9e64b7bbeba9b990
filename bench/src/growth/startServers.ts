import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { freePort, startNats, type TestNats } from '@jobstream/testing';

/** One nats-server, or several that are a cluster, with their files under the folder; each syncs every write. */
export async function startServers(folder: string, count: number): Promise<TestNats[]> {
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  return Promise.all(ports.map((port) => startServer(folder, port, ports)));
}

async function startServer(folder: string, port: number, ports: readonly number[]): Promise<TestNats> {
  const dataDir = path.join(folder, String(port));
  await mkdir(dataDir);
  const each = { dataDir, syncAlways: true };
  if (ports.length === 1) return startNats({ ...each, stagedInMemory: [JOBS_STREAM] });
  return startNats({ ...each, name: `nats-${port}`, extraConfig: cluster(port, ports) });
}

function cluster(port: number, ports: readonly number[]): string {
  const others = ports.filter((one) => one !== port).map((one) => `"nats://127.0.0.1:${one}"`);
  return `cluster { name: growth, listen: "127.0.0.1:${port}", no_advertise: true, routes: [${others.join(', ')}] }`;
}
