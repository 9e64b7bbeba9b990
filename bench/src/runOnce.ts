import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { guardOfThisProcess } from '@jobstream/testing';
import { startClient, type ClientProcess } from './client/clientProcess.ts';
import { cpuSeconds, peakBytes } from './measure/processTree.ts';
import type { Durability } from './servers/durability.ts';
import type { RunningServers } from './servers/runningServers.ts';
import type { ClientRole, JobSystem } from './systems/jobSystem.ts';
import type { Workload, WorkloadFigures } from './workloads/workload.ts';

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
}

export async function runOnce({ systemId, system, durability, workload }: RunPlan): Promise<Run> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-bench-'));
  guardOfThisProcess().remove(folder);
  const servers = await system.serve(folder, durability);
  const clients: ClientProcess[] = [];
  const serverCpu = new ServerCpu(servers);
  try {
    const stage = {
      showsCompletion: systemId !== 'jobstream',
      async client(role: ClientRole) {
        const client = await startClient(systemId, { address: servers.address, role, durability });
        clients.push(client);
        return client;
      },
    };
    const figures = await workload.run(stage, (work) => serverCpu.during(work));
    return { ...figures, serverCpuSeconds: serverCpu.spent, serverPeakBytes: bytesOf(servers) };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class ServerCpu {
  readonly #servers: RunningServers;
  spent: Readonly<Record<string, number>> = {};

  constructor(servers: RunningServers) {
    this.#servers = servers;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#now();
    const result = await work();
    const after = this.#now();
    this.spent = Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
    return result;
  }

  #now(): Record<string, number> {
    return mapValues(this.#servers.processes, cpuSeconds);
  }
}

function bytesOf({ processes }: RunningServers): Record<string, number> {
  return mapValues(processes, peakBytes);
}

function mapValues(of: Readonly<Record<string, number>>, by: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, by(value)]));
}
