import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { JOBS_STREAM } from '@jobstream/eventlog';
import { freePort, startNats, type TestNats } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { jobCpuCost, type JobCpuCost, type JobCostOptions } from './jobCpuCost.ts';

/** A size of the thing that grows, and what the life of a job cost at it. */
export interface GrowthPoint extends JobCpuCost {
  readonly size: number;
}

/** Something that grows. */
export interface GrowthPart {
  readonly id: string;
  readonly title: string;
  /** What the size counts. */
  readonly unit: string;
  readonly sizes: readonly number[];
  /** How a size changes what is usual. */
  readonly change: (size: number) => Partial<Usual>;
}

type Usual = Omit<JobCostOptions, 'urls' | 'serverPids'> & { readonly replicas: number };

const USUAL: Usual = {
  jobs: 10_000,
  types: 1,
  payloadBytes: 100,
  workers: 1,
  concurrency: 100,
  idleSeconds: 2,
  replicas: 1,
};

export const GROWTH_PARTS: readonly GrowthPart[] = [
  {
    id: 'concurrency',
    title: 'Attempts at once in one worker',
    unit: 'attempts at once',
    sizes: [1, 10, 100, 1_000],
    change: (concurrency) => ({ concurrency, jobs: Math.min(USUAL.jobs, concurrency * 400) }),
  },
  {
    id: 'payload',
    title: 'Size of the payload',
    unit: 'bytes',
    sizes: [100, 1_000, 10_000, 64_000, 256_000],
    change: (payloadBytes) => ({ payloadBytes, jobs: Math.min(USUAL.jobs, Math.ceil(60_000_000 / payloadBytes)) }),
  },
  {
    id: 'types',
    title: 'Job types that one worker runs',
    unit: 'types',
    sizes: [1, 10, 100, 1_000],
    change: (types) => ({ types }),
  },
  {
    id: 'workers',
    title: 'Worker processes',
    unit: 'processes',
    sizes: [1, 2, 4],
    change: (workers) => ({ workers, jobs: 15_000 }),
  },
  {
    id: 'replicas',
    title: 'Servers that keep the log',
    unit: 'servers',
    sizes: [1, 3],
    change: (replicas) => ({ replicas }),
  },
];

/** Measures one size on fresh servers that sync always, with that share of the jobs. */
export function measurePoint(part: GrowthPart, size: number, share: number): Promise<GrowthPoint> {
  const { replicas, ...usual } = { ...USUAL, ...part.change(size) };
  const jobs = Math.max(usual.types, Math.ceil(usual.jobs * share));
  const options = { ...usual, jobs, idleSeconds: Math.max(1, usual.idleSeconds * share) };
  return inScratchFolder(async (folder) => {
    const servers = await startServers(folder, replicas);
    try {
      const [urls, serverPids] = [servers.map(({ url }) => url), servers.map(({ pid }) => pid ?? 0)];
      return { size, ...(await jobCpuCost({ ...options, urls, serverPids })) };
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
}

/** One nats-server, or several that are a cluster, with their files under the folder; each syncs every write. */
async function startServers(folder: string, count: number): Promise<TestNats[]> {
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
