import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds, memoryBytes } from '../measure/processTree.ts';
import { type JobProcess, startJobProcess } from './jobProcess.ts';
import type { JobOrder } from './order.ts';

export interface JobCostOptions extends JobOrder {
  readonly urls: readonly string[];
  readonly serverPids: readonly number[];
  readonly workers: number;
  /** Attempts of each type at once in each worker. */
  readonly concurrency: number;
  readonly idleSeconds: number;
}

/** What it costs to create jobs and to run them; µs are of processor time for a job, all processes of a kind together. */
export interface JobCpuCost {
  /** By one process, while no worker is there. */
  readonly createdPerSecond: number;
  readonly createServerMicros: number;
  /** Created by one process and run by the workers at the same time, until all are completed. */
  readonly jobsPerSecond: number;
  readonly serverMicros: number;
  readonly workerMicros: number;
  /** Until all workers take jobs. */
  readonly startSeconds: number;
  /** Processor time of servers and workers together in a second in which there is nothing to do. */
  readonly idleMicros: number;
  readonly serverMegabytes: number;
}

interface Spent {
  readonly seconds: number;
  /** µs. */
  readonly server: number;
  readonly workers: number;
}

interface Stage {
  readonly creator: JobProcess;
  readonly workers: readonly JobProcess[];
  readonly options: JobCostOptions;
}

const POLL_MS = 5;
const STALLED_MS = 120_000;
/** Shares of the jobs that are created before the workers are there: not measured, and measured. */
const [FIRST, CREATED] = [0.2, 0.5];

/** Creates jobs, starts workers that run them, lets these wait for more, and has jobs created and run at the same time. */
export async function jobCpuCost(options: JobCostOptions): Promise<JobCpuCost> {
  const { urls } = options;
  const start = () => startJobProcess(urls.join(','), urls.length);
  const creator = await start();
  const workers = await Promise.all(Array.from({ length: options.workers }, start));
  try {
    return await measure({ creator, workers, options });
  } finally {
    await Promise.all([creator, ...workers].map((process) => process.end()));
  }
}

/** How many jobs there are more after this. */
export function jobsAdded(order: JobOrder): number {
  return share(order, FIRST) + share(order, CREATED) + order.jobs;
}

async function measure(stage: Stage): Promise<JobCpuCost> {
  const { creator, workers, options } = stage;
  const { jobs, types, concurrency, idleSeconds, serverPids } = options;
  const [first, second] = [share(options, FIRST), share(options, CREATED)];
  const create = (count: number) => creator.tell({ do: 'create', ...options, jobs: count });
  await create(first);
  const created = await spentIn(stage, () => create(second));
  const started = await spentIn(stage, () => tellAll(workers, { do: 'work', types, concurrency }));
  await allCompleted(workers, first + second);
  const idle = await spentIn(stage, () => pause(idleSeconds * 1_000));
  const lives = await spentIn(stage, () => Promise.all([create(jobs), allCompleted(workers, first + second + jobs)]));
  const serverMegabytes = serverPids.reduce((sum, pid) => sum + memoryBytes(pid), 0) / 1_000_000;
  await tellAll(workers, { do: 'stop' });
  return {
    createdPerSecond: second / created.seconds,
    createServerMicros: created.server / second,
    jobsPerSecond: jobs / lives.seconds,
    serverMicros: lives.server / jobs,
    workerMicros: lives.workers / jobs,
    startSeconds: started.seconds,
    idleMicros: (idle.server + idle.workers) / idle.seconds,
    serverMegabytes,
  };
}

/** At least one of each type, so that no queue is used for the first time later. */
function share({ jobs, types }: JobOrder, part: number): number {
  return Math.max(types, Math.ceil(jobs * part));
}

async function tellAll(workers: readonly JobProcess[], order: Parameters<JobProcess['tell']>[0]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.tell(order)));
}

/** Fails when nothing has been completed for long: a worker may have died. */
async function allCompleted(workers: readonly JobProcess[], jobs: number): Promise<void> {
  let [seen, since] = [-1, performance.now()];
  while (seen < jobs) {
    const completed = workers.reduce((sum, worker) => sum + worker.completed(), 0);
    if (completed !== seen) [seen, since] = [completed, performance.now()];
    else if (performance.now() - since > STALLED_MS) throw new Error(`${completed} of ${jobs} jobs are completed`);
    await pause(POLL_MS);
  }
}

async function spentIn({ workers, options }: Stage, work: () => Promise<unknown>): Promise<Spent> {
  const cpu = () => [micros(options.serverPids), micros(workers.map(({ pid }) => pid))] as const;
  const [before, begun] = [cpu(), performance.now()];
  await work();
  const after = cpu();
  const seconds = (performance.now() - begun) / 1_000;
  return { seconds, server: after[0] - before[0], workers: after[1] - before[1] };
}

function micros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) * 1_000_000;
}
