import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from './processTree.ts';

/**
 * Processor time that the living processes of a tree have used, in µs. From the scheduler, which counts nanoseconds where
 * `/proc/<pid>/stat` has ticks of 10 ms; what threads had used that have ended is missing.
 */
export function cpuMicros(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + microsOf(pid), 0);
}

function microsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + microsIn(`${tasks}/${task}/schedstat`), 0);
}

function microsIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    return 0; // the thread has ended
  }
}
