import type { Comparison, Row } from '../comparePeers.ts';
import { type HttpComparison, type HttpRun, requestRate } from '../http/compareHttp.ts';
import { spread } from '../measure/percentiles.ts';
import type { CatchUp } from '../projector/measureCatchUp.ts';
import type { Run } from '../runOnce.ts';
import { medianRatio } from './pairRatio.ts';

export interface Results {
  readonly peers: Pick<Comparison, 'rows'>;
  readonly http: HttpComparison;
  readonly projector: { readonly runs: readonly (readonly CatchUp[])[] };
}

/** A figure out of all results; undefined if its part was not measured. */
export type Measure = (results: Results) => number | undefined;

const US = 'jobstream';
const WITH_TABLE = 'jobstream-table';
const PEERS = ['bullmq', 'pg-boss', 'graphile-worker'];
const LATENCY = 'latency-500';

/** The figures of one system and of one peer in a workload, with fsync. */
interface Pair {
  readonly own: Row;
  readonly peer: Row;
}

/** Our rate in a workload against that of the best peer. */
export function rateIn(workload: string, system = US): Measure {
  return (results) => extreme(Math.min, ratiosIn(workload, ({ jobs, seconds }) => jobs / seconds, system)(results));
}

export function startLatency(which: 'p50' | 'p99 against the best peer', system = US): Measure {
  if (which === 'p50')
    return ({ peers }) => median(rowOf(peers, LATENCY, system)?.runs.map((run) => startOf(run, 'p50')));
  return (results) => extreme(Math.max, ratiosIn(LATENCY, (run) => startOf(run, 'p99'), system)(results));
}

export const visibleLatency: Measure = ({ peers }) =>
  median(rowOf(peers, LATENCY, WITH_TABLE)?.runs.map((run) => run.clients['producer']?.latency?.p99 ?? Number.NaN));

/** How much longer a job waits for its start behind a million finished jobs than behind ten thousand, p99. */
export const startBehind: Measure = ({ peers }) => {
  const [few, many] = [10_000, 1_000_000].map((finished) => rowOf(peers, `${LATENCY}-behind-${finished}`, US)?.runs);
  return few && many && medianRatio(many, few, (one, other) => startOf(one, 'p99') / startOf(other, 'p99'));
};

/** Requests of one kind against those of the minimal route that echoes. */
export function shareOfExpress(kind: 'create' | 'baseline-create'): Measure {
  return ({ http }) => {
    const [create, express] = [kind, 'express'].map((id) => http.rows.find((row) => row.id === id)?.runs);
    return create && express && medianRatio(create, express, (own, other) => rateOf(own) / rateOf(other));
  };
}

export const batchRate: Measure = ({ http }) => {
  const batch = http.rows.find(({ id }) => id === 'batch');
  return batch && requestRate(batch).median * batch.jobsPerRequest;
};

/** In the less favourable shape of the log. */
export function catchUp(rate: 'projectedPerSecond' | 'baselinePerSecond'): Measure {
  return ({ projector }) => median(projector.runs.map((shapes) => Math.min(...shapes.map((shape) => shape[rate]))));
}

function ratiosIn(
  workload: string,
  figure: (run: Run) => number,
  system: string,
): (results: Results) => readonly number[] {
  return ({ peers }) =>
    pairs(peers, workload, system).flatMap(({ own, peer }) => {
      const ratio = medianRatio(own.runs, peer.runs, (one, other) => figure(one) / figure(other));
      return ratio === undefined ? [] : [ratio];
    });
}

function pairs(peers: Results['peers'], workload: string, system: string): Pair[] {
  const own = rowOf(peers, workload, system);
  return PEERS.flatMap((id) => {
    const peer = rowOf(peers, workload, id);
    return own === undefined || peer === undefined ? [] : [{ own, peer }];
  });
}

function rowOf({ rows }: Results['peers'], workload: string, systemId: string): Row | undefined {
  return rows.find((row) => row.workload === workload && row.systemId === systemId && row.durability === 'fsync');
}

function rateOf({ requests, seconds }: HttpRun): number {
  return requests / seconds;
}

function startOf({ clients }: Run, which: 'p50' | 'p99'): number {
  return clients['worker']?.latency?.[which] ?? Number.NaN;
}

function median(values: readonly number[] | undefined): number | undefined {
  return values === undefined || values.length === 0 ? undefined : spread(values).median;
}

function extreme(pick: (...values: number[]) => number, values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : pick(...values);
}
