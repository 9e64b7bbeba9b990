import type { GrowthPoint } from './growthParts.ts';
import type { LogPoint } from './measureLog.ts';
import type { ServicesCost } from './measureServices.ts';

/** What the arithmetic takes from the measurement. */
export interface Measured {
  readonly parts: Readonly<Record<string, readonly GrowthPoint[]>>;
  readonly log: readonly LogPoint[];
  readonly services?: ServicesCost;
}

/** Assumed, not measured: at the busiest time there is so much more than on average. */
export const PEAK = 3;
/** Assumed as well: so much of a processor, a memory or a measured rate is planned to be in use, and the rest is reserve. */
export const IN_USE = 0.7;
export const SECONDS_A_DAY = 86_400;

export const COPIES = [1, 3] as const;
export type Copies = (typeof COPIES)[number];

/** Processor time of a job's whole life, in µs, by process; `server` is all servers that keep the log together. */
export interface JobCosts {
  readonly api: number;
  readonly server: number;
  readonly worker: number;
  readonly projector: number;
  readonly postgres: number;
}

/** What a job that is kept costs, whatever becomes of it. */
export interface KeptCosts {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Of the start of a server. */
  readonly startSeconds: number;
}

export interface Demand {
  readonly averagePerSecond: number;
  readonly peakPerSecond: number;
  /** Cores that are needed at the peak. */
  readonly cores: JobCosts;
  /** Streams, each with servers of its own. */
  readonly streams: number;
  readonly diskBytesPerDay: number;
}

export function jobCosts({ parts, services }: Measured, copies: Copies): JobCosts {
  const { serverMicros, workerMicros } = pointOf(parts, copies);
  if (services === undefined) throw new Error('the part services has no figures: measure it');
  return {
    api: services.apiMicros,
    server: serverMicros,
    worker: workerMicros,
    projector: services.projectorMicros,
    postgres: services.postgresMicros,
  };
}

/** Jobs a second that were created and run, on a machine that the servers shared with those who did it. */
export function lifeRate({ parts }: Measured, copies: Copies): number {
  return pointOf(parts, copies).jobsPerSecond;
}

/** From the smallest log to the largest; of memory the worse of two: while it works, and after a start. */
export function keptCosts({ log }: Measured): KeptCosts {
  const perJob = (of: (point: LogPoint) => number) => slope(log, of);
  const memory = Math.max(
    perJob(({ serverMegabytes }) => serverMegabytes),
    perJob(({ restartedMegabytes }) => restartedMegabytes),
  );
  return {
    memoryBytes: memory * 1_000_000,
    diskBytes: perJob(({ diskMegabytes }) => diskMegabytes) * 1_000_000,
    startSeconds: Math.max(
      0,
      perJob(({ restartSeconds }) => restartSeconds),
    ),
  };
}

/** Jobs a second of one stream: what was measured, or less if the one projector cannot follow. */
export function streamRate(measured: Measured, copies: Copies): number {
  return Math.min(lifeRate(measured, copies), 1_000_000 / jobCosts(measured, copies).projector);
}

export function demandOf(measured: Measured, jobsPerDay: number, copies: Copies): Demand {
  const averagePerSecond = jobsPerDay / SECONDS_A_DAY;
  const peakPerSecond = averagePerSecond * PEAK;
  const costs = Object.entries(jobCosts(measured, copies));
  const cores = costs.map(([process, micros]) => [process, (peakPerSecond * micros) / 1_000_000 / IN_USE]);
  return {
    averagePerSecond,
    peakPerSecond,
    cores: Object.fromEntries(cores) as JobCosts,
    streams: Math.ceil(peakPerSecond / (streamRate(measured, copies) * IN_USE)),
    diskBytesPerDay: jobsPerDay * keptCosts(measured).diskBytes,
  };
}

/** Bytes of memory in each copy for the jobs of `seconds` seconds. */
export function memoryFor(measured: Measured, jobsPerDay: number, seconds: number): number {
  return (jobsPerDay / SECONDS_A_DAY) * seconds * keptCosts(measured).memoryBytes;
}

/** How many jobs a server with so much memory may keep. */
export function jobsIn(measured: Measured, memoryBytes: number): number {
  return (memoryBytes * IN_USE) / keptCosts(measured).memoryBytes;
}

function pointOf(parts: Measured['parts'], copies: Copies): GrowthPoint {
  const point = parts['replicas']?.find(({ size }) => size === copies);
  if (point === undefined) throw new Error(`the part replicas has no figures for ${copies}: measure it`);
  return point;
}

function slope(log: readonly LogPoint[], of: (point: LogPoint) => number): number {
  const [first, last] = [log[0], log.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new Error('the part log needs two sizes: measure it');
  return (of(last) - of(first)) / (last.size - first.size);
}
