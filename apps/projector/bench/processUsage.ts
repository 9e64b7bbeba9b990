import { readdir, readFile } from 'node:fs/promises';

const TICKS_PER_SECOND = 100;

/** What a process has used so far, its children included (those that have ended as well). */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  /** Megabytes in memory at most, of the process alone. */
  readonly peakMegabytes: number;
}

/** Reads /proc, so on Linux only. */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const children = await childrenOf(pid);
  const ticks = await Promise.all([pid, ...children].map(ticksOf));
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpuSeconds: ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND, peakMegabytes: peak / 1_024 };
}

async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (one) => Number((await statOf(one))[1])));
  return pids.filter((_, index) => parents[index] === pid);
}

/** User and system time, with that of children that were waited for. */
async function ticksOf(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0);
}

/** The fields after the name, which may hold blanks: state, parent, … */
async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
