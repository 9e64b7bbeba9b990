import type { Comparison, Row } from '../comparePeers.ts';
import { type HttpComparison, type HttpRun, requestRate } from '../http/compareHttp.ts';
import type { MachineFacts } from '../machine.ts';
import { spread } from '../measure/percentiles.ts';
import type { LogShape } from '../projector/fillShapedLog.ts';
import type { CatchUp } from '../projector/measureCatchUp.ts';
import type { Run } from '../runOnce.ts';
import type { Durability } from '../servers/runningServers.ts';
import { otherCoresOf } from './otherLoad.ts';
import { medianRatio } from './pairRatio.ts';
import { cpuMicros, cpuMicrosWithoutIdling, rateOf, windowsOf } from './runFigures.ts';

export interface Results {
  readonly peers: Pick<Comparison, 'rows'> & Partial<Pick<MachineFacts, 'processor' | 'cores'>>;
  readonly http: HttpComparison;
  readonly projector: { readonly runs: readonly (readonly CatchUp[])[] };
}

/** A figure, and the highest load of the machine beside the runs that it comes from. */
export interface Measured {
  readonly value: number;
  readonly otherCores: number | undefined;
}

/** A figure out of all results; undefined if its part was not measured. */
export type Measure = (results: Results) => Measured | undefined;

const PEERS = ['bullmq', 'pg-boss', 'graphile-worker'];
const LATENCY = 'latency-500';

/** Which rows of the comparison are held against each other. */
export interface Contest {
  readonly workload: string;
  readonly system: string;
  /** The best of them counts; default all peers. */
  readonly against?: readonly string[];
  readonly durability?: Durability;
}

/** The rate of a system as a multiple of the best other one. */
export function rateAgainst(contest: Contest): Measure {
  return against(contest, 'lowest', (own, other) => medianRatio(own, other, (a, b) => rateOf(a) / rateOf(b)));
}

/** Processor time without idling, as a multiple of the one other system. */
export function cpuAgainst(contest: Contest): Measure {
  return against(contest, 'highest', (own, other) =>
    medianRatio(own, other, (a, b) => cpuMicrosWithoutIdling(a) / cpuMicrosWithoutIdling(b)),
  );
}

/** Processor time of all processes, or of one, in µs a job. */
export function cpuOf({ workload, system, durability }: Omit<Contest, 'against'>, process?: string): Measure {
  return ({ peers }) => {
    const runs = runsOf(peers, { workload, system, durability });
    return measured(median(runs.map((run) => cpuMicros(run, process))), runs);
  };
}

/** From when a job should have been created to its start at 500 jobs/s, p99, as a multiple of the best peer's. */
export function startAgainstPeers(system: string): Measure {
  return against({ workload: LATENCY, system }, 'highest', p99Ratio);
}

/** The same in ms, p50; or until the table shows it as completed, p99. */
export function latencyOf(system: string, what: 'start' | 'completion', which: 'p50' | 'p99'): Measure {
  return ({ peers }) => {
    const runs = runsOf(peers, { workload: LATENCY, system });
    return measured(median(windowsOf(runs, what).map((window) => window[which])), runs);
  };
}

/** How much longer a job waits for its start behind a million finished jobs than behind ten thousand, p99. */
export function startBehind(system: string): Measure {
  return ({ peers }) => {
    const behind = (finished: number) => runsOf(peers, { workload: `${LATENCY}-behind-${finished}`, system });
    const [few, many] = [behind(10_000), behind(1_000_000)];
    return measured(p99Ratio(many, few), [...few, ...many]);
  };
}

/** Requests of one kind a second, as a share of those of another. */
export function requestShare(kind: string, of: string): Measure {
  return ({ http }) => {
    const runs = (wanted: string) => http.rows.find(({ id }) => id === wanted)?.runs ?? [];
    const ratio = medianRatio(runs(kind), runs(of), (own, other) => requestsOf(own) / requestsOf(other));
    return measured(ratio, [...runs(kind), ...runs(of)]);
  };
}

function requestsOf({ requests, seconds }: HttpRun): number {
  return requests / seconds;
}

export const batchRate: Measure = ({ http }) => {
  const batch = http.rows.find(({ id }) => id === 'batch');
  return batch && measured(requestRate(batch).median * batch.jobsPerRequest, batch.runs);
};

/** Events that the projector takes a second, as a share of the baseline's. */
export function catchUpShare(shape: LogShape): Measure {
  return ({ projector }) => {
    const runs = projector.runs.flatMap((shapes) => shapes.filter((one) => one.shape === shape));
    const shares = runs.map(({ projectedPerSecond, baselinePerSecond }) => projectedPerSecond / baselinePerSecond);
    return measured(median(shares), runs);
  };
}

function against(
  { workload, system, against: others = PEERS, durability }: Contest,
  worst: 'lowest' | 'highest',
  ratio: (own: readonly Run[], other: readonly Run[]) => number | undefined,
): Measure {
  return ({ peers }) => {
    const own = runsOf(peers, { workload, system, durability });
    const pairs = others.map((other) => runsOf(peers, { workload, system: other, durability }));
    const ratios = pairs.map((other) => ratio(own, other)).filter((value) => value !== undefined);
    if (ratios.length === 0) return undefined;
    const pick = worst === 'lowest' ? Math.min : Math.max;
    return measured(pick(...ratios), [...own, ...pairs.flat()]);
  };
}

function p99Ratio(own: readonly Run[], other: readonly Run[]): number | undefined {
  return medianRatio(windowsOf(own, 'start'), windowsOf(other, 'start'), (a, b) => a.p99 / b.p99);
}

interface Place {
  readonly workload: string;
  readonly system: string;
  readonly durability?: Durability | undefined;
}

/** A system that syncs by default has no row of its own without. */
function runsOf({ rows }: Results['peers'], { workload, system, durability = 'fsync' }: Place): readonly Run[] {
  const own = rows.filter((row) => row.workload === workload && row.systemId === system);
  return (own.find((row) => row.durability === durability) ?? own.find(isSynced))?.runs ?? [];
}

function isSynced({ durability }: Row): boolean {
  return durability === 'fsync';
}

/** A figure that was not measured has no value. */
function measured(value: number | undefined, runs: readonly { readonly otherCores?: number }[]): Measured | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return { value, otherCores: otherCoresOf(runs) };
}

function median(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : spread(values).median;
}
