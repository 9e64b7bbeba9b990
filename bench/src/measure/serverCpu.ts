import { setTimeout as pause } from 'node:timers/promises';
import type { RunningServers } from '../servers/runningServers.ts';
import { OtherLoad } from './otherLoad.ts';
import { cpuSeconds, cpuSecondsEach, peakBytesEach } from './processTree.ts';

/** Processor time of servers during some work, in seconds, and their memory, in bytes, by process. */
export class ServerCpu {
  readonly #servers: Pick<RunningServers, 'processes'>;
  spent: Readonly<Record<string, number>> = {};
  /** How many cores processes that have no part in the work kept busy meanwhile. */
  otherCores = Number.NaN;

  constructor(servers: Pick<RunningServers, 'processes'>) {
    this.#servers = servers;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const { processes } = this.#servers;
    const others = new OtherLoad(Object.values(processes));
    const before = cpuSecondsEach(processes);
    const result = await work();
    const after = Object.entries(cpuSecondsEach(processes));
    this.spent = Object.fromEntries(after.map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]));
    this.otherCores = others.cores();
    return result;
  }

  /** How many cores they keep busy while nothing is asked of them. */
  async idleCores(seconds: number): Promise<number> {
    const pids = Object.values(this.#servers.processes);
    const before = cpuSeconds(...pids);
    await pause(seconds * 1_000);
    return (cpuSeconds(...pids) - before) / seconds;
  }

  peakBytes(): Record<string, number> {
    return peakBytesEach(this.#servers.processes);
  }
}
