import { inScratchFolder } from '../inScratchFolder.ts';
import { spread, type Spread } from '../measure/percentiles.ts';
import { ServerCpu } from '../measure/serverCpu.ts';
import type { Durability } from '../servers/runningServers.ts';
import { httpLoad, type HttpLoad } from './httpLoad.ts';
import { HTTP_TARGETS, type HttpTarget } from './httpTargets.ts';

export interface HttpRun extends HttpLoad {
  readonly serverCpuSeconds: Readonly<Record<string, number>>;
  /** How many cores processes that have no part in it kept busy meanwhile; undefined in older results. */
  readonly otherCores?: number;
}

export interface HttpRow {
  readonly id: string;
  readonly name: string;
  readonly jobsPerRequest: number;
  readonly connections: number;
  readonly runs: readonly HttpRun[];
}

export interface HttpComparison {
  readonly rows: readonly HttpRow[];
}

export interface CompareHttpOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly durability: Durability;
  readonly say: (line: string) => void;
}

const WARM_UP_SECONDS = 2;

/** The HTTP calls and their baseline, round after round, each on fresh servers. */
export async function compareHttp({ rounds, seconds, durability, say }: CompareHttpOptions): Promise<HttpComparison> {
  const runs = new Map<string, HttpRun[]>(HTTP_TARGETS.map(({ id }) => [id, []]));
  for (let round = 1; round <= rounds; round += 1)
    for (const target of HTTP_TARGETS) {
      const run = await runHttp(target, durability, seconds);
      runs.get(target.id)?.push(run);
      say(`http · round ${round} · ${target.name}: ${Math.round(run.requests / run.seconds)} requests/s`);
    }
  return {
    rows: HTTP_TARGETS.map(({ id, name, call }) => ({
      id,
      name,
      jobsPerRequest: call.jobs,
      connections: call.connections,
      runs: runs.get(id) ?? [],
    })),
  };
}

function runHttp(target: HttpTarget, durability: Durability, seconds: number): Promise<HttpRun> {
  return inScratchFolder(async (folder) => {
    const servers = await target.serve(folder, durability);
    try {
      await httpLoad(servers.address, target.call, WARM_UP_SECONDS);
      const cpu = new ServerCpu(servers);
      const load = await cpu.during(() => httpLoad(servers.address, target.call, seconds));
      return { ...load, serverCpuSeconds: cpu.spent, otherCores: cpu.otherCores };
    } finally {
      await servers.stop();
    }
  });
}

/** Requests a second of a row. */
export function requestRate({ runs }: HttpRow): Spread {
  return spread(runs.map((run) => run.requests / run.seconds));
}
