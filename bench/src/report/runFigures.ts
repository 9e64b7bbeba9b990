import type { WindowLatency } from '../measure/windowedLatencies.ts';
import type { Run } from '../runOnce.ts';

/** Jobs a second of a run. */
export function rateOf({ jobs, seconds }: Run): number {
  return jobs / seconds;
}

/** Seconds of processor time of each process. */
export function cpuByProcess({ clients, serverCpuSeconds }: Run): Record<string, number> {
  const ofClients = Object.entries(clients).map(([name, { cpuSeconds }]) => [name, cpuSeconds] as const);
  return { ...serverCpuSeconds, ...Object.fromEntries(ofClients) };
}

/** Processor time of all processes, or of one, in µs a job. */
export function cpuMicros(run: Run, name?: string): number {
  const spent = cpuByProcess(run);
  const seconds = name === undefined ? Object.values(spent).reduce((sum, one) => sum + one, 0) : spent[name];
  return ((seconds ?? Number.NaN) * 1_000_000) / run.jobs;
}

/** The same without what the servers use while nothing is asked of them; NaN where that was not measured. */
export function cpuMicrosWithoutIdling(run: Run): number {
  return cpuMicros(run) - idleMicros(run);
}

/** What the servers use while nothing is asked of them, in µs a job; NaN where it was not measured. */
export function idleMicros({ idle, jobs }: Run): number {
  const { idleCores, measuredSeconds } = idle ?? { idleCores: Number.NaN, measuredSeconds: 0 };
  return (idleCores * measuredSeconds * 1_000_000) / jobs;
}

/** How long jobs waited for their start, or until a reader saw them completed, in each window of all runs. */
export function windowsOf(runs: readonly Run[], what: 'start' | 'completion'): readonly WindowLatency[] {
  return runs.flatMap(({ clients }) => clients[what === 'start' ? 'worker' : 'producer']?.windows ?? []);
}
