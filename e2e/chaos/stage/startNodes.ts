import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort, startNats } from '@jobstream/test-support';
import type { StartNatsOptions, TestNats } from '@jobstream/test-support';

/** One nats-server, or several as a cluster, each with its data in `<folder>/nats-<n>`. */
export async function startNodes(
  folder: string,
  count: number,
  options: Pick<StartNatsOptions, 'syncAlways' | 'stagedInMemory' | 'watchDisk'> = {},
): Promise<TestNats[]> {
  if (count === 1) return [await startNats({ ...options, dataDir: await dataDir(folder, 1) })];
  const routes = await Promise.all(Array.from({ length: count }, () => freePort()));
  const nodes: TestNats[] = [];
  for (const [index, port] of routes.entries()) {
    const name = `nats-${index + 1}`;
    const own = { dataDir: await dataDir(folder, index + 1), name, extraConfig: cluster(port, routes) };
    nodes.push(await startNats({ ...options, ...own }));
  }
  return nodes;
}

async function dataDir(folder: string, number: number): Promise<string> {
  const created = path.join(folder, `nats-${number}`);
  await mkdir(created, { recursive: true });
  return created;
}

/** Members do not tell clients of each other: a client knows those that its settings name. */
function cluster(port: number, routes: readonly number[]): string {
  const others = routes.filter((route) => route !== port).map((route) => `nats://127.0.0.1:${route}`);
  return `cluster {
  name: chaos
  listen: "127.0.0.1:${port}"
  no_advertise: true
  routes: [${others.map((url) => JSON.stringify(url)).join(', ')}]
}`;
}
