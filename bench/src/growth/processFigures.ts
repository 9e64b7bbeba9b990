import { readFileSync } from 'node:fs';

export { cpuSeconds } from '../measure/processTree.ts';

/** Bytes that a process has in memory now. */
export function memoryBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}
