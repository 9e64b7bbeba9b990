import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, which is the same on every Linux that Node runs on. */
const TICKS = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Seconds of processor time that processes and their descendants have used, those that ended included. */
export function cpuSeconds(...roots: readonly number[]): number {
  return treesOf(roots).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS;
}

/** The same for each by its name; what descends from another one of them counts for that one. */
export function cpuSecondsEach(roots: Readonly<Record<string, number>>): Record<string, number> {
  return eachOf(roots, (tree) => tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS);
}

/** The most memory that processes and their living descendants have had in use, in bytes; what they share counts for each. */
export function peakBytesEach(roots: Readonly<Record<string, number>>): Record<string, number> {
  return eachOf(roots, (tree) => tree.reduce((sum, { pid }) => sum + peakOf(pid), 0));
}

function eachOf(
  roots: Readonly<Record<string, number>>,
  measure: (tree: readonly ProcessStat[]) => number,
): Record<string, number> {
  const others = new Set(Object.values(roots));
  return Object.fromEntries(Object.entries(roots).map(([name, pid]) => [name, measure(treesOf([pid], others))]));
}

/** A process and its living descendants. */
function processTree(root: number): number[] {
  return treesOf([root]).map(({ pid }) => pid);
}

/** Bytes that one process has in memory now. */
export function memoryBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

function peakOf(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0; // it has ended
  }
}

/** The processes `roots` and their descendants, but none below one of `except`. */
function treesOf(roots: readonly number[], except: ReadonlySet<number> = new Set()): ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
  const trees = new Set(all.filter(({ pid }) => roots.includes(pid)));
  for (const { pid } of trees)
    for (const child of all) if (child.parent === pid && !except.has(child.pid)) trees.add(child);
  return [...trees];
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? [];
    const [parent = 0] = fields.slice(1);
    const ticks = fields.slice(11, 15).reduce((sum, count) => sum + count, 0);
    return { pid, parent, ticks };
  } catch {
    return undefined; // it has ended
  }
}

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
