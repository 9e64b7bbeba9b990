import { type ClientProcess, startClient } from './client/clientProcess.ts';
import { inScratchFolder } from './inScratchFolder.ts';
import { ServerCpu } from './measure/serverCpu.ts';
import type { Durability } from './servers/runningServers.ts';
import type { ClientRole, JobSystem } from './systems/jobSystem.ts';
import type { Workload, WorkloadFigures } from './workloads/workloads.ts';

/** Nothing can be asked which jobs have completed. */
const WITHOUT_READ_MODEL: ReadonlySet<string> = new Set(['jobstream', 'baseline']);

export interface RunPlan {
  readonly systemId: string;
  readonly system: JobSystem;
  readonly durability: Durability;
  readonly workload: Workload;
}

/** One workload on one system with fresh servers; processor time by process, in seconds, and memory in bytes. */
export interface Run extends WorkloadFigures {
  readonly serverCpuSeconds: Readonly<Record<string, number>>;
  readonly serverPeakBytes: Readonly<Record<string, number>>;
  /** How many cores processes that have no part in it kept busy meanwhile; undefined in older results. */
  readonly otherCores?: number;
}

export function runOnce({ systemId, system, durability, workload }: RunPlan): Promise<Run> {
  return inScratchFolder(async (folder) => {
    const servers = await system.serve(folder, durability);
    const cpu = new ServerCpu(servers);
    const clients: ClientProcess[] = [];
    const client = async (role: ClientRole) => {
      const started = await startClient(systemId, { address: servers.address, role, durability });
      clients.push(started);
      return started;
    };
    try {
      const stage = {
        client,
        showsCompletion: !WITHOUT_READ_MODEL.has(systemId),
        caughtUp: () => servers.caughtUp?.() ?? Promise.resolve(),
        idleCores: (seconds: number) => cpu.idleCores(seconds),
      };
      const figures = await workload.run(stage, (work) => cpu.during(work));
      const { spent, otherCores } = cpu;
      return { ...figures, serverCpuSeconds: spent, serverPeakBytes: cpu.peakBytes(), otherCores };
    } finally {
      await Promise.all(clients.map((started) => started.close()));
      await servers.stop();
    }
  });
}
