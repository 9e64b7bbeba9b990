import type { RunningServers } from '../servers/runningServers.ts';
import { cpuSeconds, peakBytes } from './processTree.ts';

/** Processor time of servers during some work, in seconds, and their memory, in bytes, by process. */
export class ServerCpu {
  readonly #servers: Pick<RunningServers, 'processes'>;
  spent: Readonly<Record<string, number>> = {};

  constructor(servers: Pick<RunningServers, 'processes'>) {
    this.#servers = servers;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#each(cpuSeconds);
    const result = await work();
    const after = Object.entries(this.#each(cpuSeconds));
    this.spent = Object.fromEntries(after.map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]));
    return result;
  }

  peakBytes(): Record<string, number> {
    return this.#each(peakBytes);
  }

  #each(measure: (pid: number) => number): Record<string, number> {
    const { processes } = this.#servers;
    return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, measure(pid)]));
  }
}
