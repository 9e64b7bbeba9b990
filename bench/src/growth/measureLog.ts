import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EventLog } from '@jobstream/eventlog';
import { startNats, type TestNats } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { memoryBytes } from '../measure/processTree.ts';
import { fillLog } from './fillLog.ts';
import { jobsAdded, jobCpuCost, type JobCpuCost } from './jobCpuCost.ts';

/** A log with `size` finished jobs in it, and the cost of those that are then run for the measurement. */
export interface LogPoint extends JobCpuCost {
  readonly size: number;
  readonly diskMegabytes: number;
  /** Median time to read the state of one of the finished jobs, in ms. */
  readonly readMs: number;
  /** From the start of the server with this log, after an orderly stop, until it answers; the rest is measured after it. */
  readonly restartSeconds: number;
  /** In the memory of the server after that. */
  readonly restartedMegabytes: number;
}

interface Stage {
  readonly nats: TestNats;
  readonly folder: string;
  readonly probe: typeof PROBE;
}

/** Garbage is collected as Go does by itself: what the server can do with, not what it takes where there is plenty. */
const OFTEN = { GOGC: '100' };
const READS = 200;
const PROBE = { jobs: 4_000, types: 1, payloadBytes: 100, workers: 1, concurrency: 100, idleSeconds: 2 };

/**
 * One log that is filled further and further to these sizes; nothing is synced, since only what is there counts. The
 * jobs that are run at each size count for the next.
 */
export function measureLog(sizes: readonly number[], share: number): Promise<LogPoint[]> {
  const probe = { ...PROBE, jobs: Math.ceil(PROBE.jobs * share) };
  return inScratchFolder(async (folder) => {
    await using nats = await startNats({ dataDir: folder, syncAlways: false, env: OFTEN });
    const points: LogPoint[] = [];
    let filled = 0;
    for (const size of sizes) {
      const ids = await fillLog(nats.url, size - filled);
      filled = size + jobsAdded(probe);
      points.push(await measureSize(size, ids.slice(0, READS), { nats, folder, probe }));
      console.log(`log ${size}: ${JSON.stringify(points.at(-1))}`);
    }
    return points;
  });
}

/** The server is started anew first, since what it needs while it is filled says nothing about what it keeps. */
async function measureSize(size: number, ids: readonly string[], { nats, folder, probe }: Stage): Promise<LogPoint> {
  const diskMegabytes = (await bytesIn(folder)) / 1_000_000;
  await nats.stop();
  const begun = performance.now();
  await nats.restart();
  const restartSeconds = (performance.now() - begun) / 1_000;
  const pid = nats.pid ?? 0;
  const restartedMegabytes = memoryBytes(pid) / 1_000_000;
  const life = await jobCpuCost({ ...probe, urls: [nats.url], serverPids: [pid] });
  return { size, ...life, readMs: await medianRead(nats.url, ids), diskMegabytes, restartSeconds, restartedMegabytes };
}

async function medianRead(url: string, ids: readonly string[]): Promise<number> {
  const log = new EventLog({ url, name: 'growth' });
  await log.start();
  const times: number[] = [];
  for (const id of ids) {
    const begun = performance.now();
    await log.readJob(id);
    times.push(performance.now() - begun);
  }
  await log.stop();
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
