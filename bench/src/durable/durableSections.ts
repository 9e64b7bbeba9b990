import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MachineFacts } from '../machine.ts';
import { percentiles, spread } from '../measure/percentiles.ts';
import { figure, table, whole } from '../report/format.ts';
import { loadCell, otherCoresOf } from '../report/otherLoad.ts';
import type { DurableRun, DurableSizes, Work } from './durableRun.ts';

export interface DurableFacts extends Pick<MachineFacts, 'date' | 'processor' | 'cores' | 'versions'> {
  /** The version of its package. */
  readonly dbos: string;
}

const NAMES: Readonly<Record<string, string>> = {
  jobstream: 'Jobstream',
  'jobstream-table': 'Jobstream with table',
  dbos: 'DBOS',
};
const SDK = path.resolve(import.meta.dirname, '../../node_modules/@dbos-inc/dbos-sdk/package.json');

export async function dbosVersion(): Promise<string> {
  return (JSON.parse(await readFile(SDK, 'utf8')) as { version: string }).version;
}

/** One run as a line. */
export function lineOf({ systemId, drain, roundTrips, bursts, otherCores }: DurableRun): string {
  const { p50, p99 } = percentiles(roundTrips) ?? { p50: Number.NaN, p99: Number.NaN };
  const cells = [
    `${NAMES[systemId] ?? systemId}: ${whole(rateOf(drain))} jobs/s, ${whole(cpuOf(drain))} µs a job`,
    `signal p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
    `bursts ${whole(rateOf(bursts))} jobs/s, ${whole(cpuOf(bursts))} µs a job`,
    `other load ${otherCores.toFixed(2)} cores`,
  ];
  return cells.join('; ');
}

/** The generated sections of the page: the medians of all rounds with the lowest and the highest. */
export function durableSections(
  runs: readonly DurableRun[],
  sizes: DurableSizes & { readonly rounds: number },
  facts: DurableFacts,
): Record<'machine' | 'steps' | 'signals', string> {
  const bySystem = [...Map.groupBy(runs, ({ systemId }) => systemId)];
  return { machine: machine(sizes, facts), steps: steps(bySystem), signals: signals(bySystem) };
}

type BySystem = readonly (readonly [string, readonly DurableRun[]])[];

function machine(
  { jobs, roundTrips, bursts, concurrency, rounds }: DurableSizes & { rounds: number },
  facts: DurableFacts,
) {
  const { date, processor, cores, versions, dbos } = facts;
  return (
    `${date}; ${cores} cores of ${processor}, Node ${versions['Node']}, nats-server ${versions['nats-server']}, Postgres ${versions['Postgres']}, ` +
    `DBOS ${dbos}. Each of ${rounds} rounds measures one system after the other, with fresh servers and after a warm-up: ${whole(jobs)} jobs of three steps, ` +
    `${roundTrips} signals one after the other, and ${bursts} times ${concurrency} signals at once; ${concurrency} jobs at once in one worker process. Figures are the median of ` +
    'the rounds, with the lowest and the highest. Other load is what processes without a part in it used in the worst of the rounds, in cores.'
  );
}

function steps(systems: BySystem): string {
  const head = ['three steps', 'jobs/s', 'processor time a job', 'of it', 'writes a job', 'other load'];
  return table(
    head,
    systems.map(([id, runs]) => workCells(id, runs, ({ drain }) => drain)),
  );
}

function signals(systems: BySystem): string {
  const single = table(
    ['one signal at a time', 'p50', 'p99', 'other load'],
    systems.map(([id, runs]) => [
      NAMES[id] ?? id,
      rangeOf(runs, ({ roundTrips }) => percentiles(roundTrips)?.p50 ?? Number.NaN, ' ms'),
      rangeOf(runs, ({ roundTrips }) => percentiles(roundTrips)?.p99 ?? Number.NaN, ' ms'),
      loadCell(otherCoresOf(runs)),
    ]),
  );
  const bursts = table(
    ['signals at once', 'jobs/s', 'processor time a job', 'of it', 'writes a job', 'other load'],
    systems.map(([id, runs]) => workCells(id, runs, (run) => run.bursts)),
  );
  return `${single}\n\n${bursts}`;
}

function workCells(id: string, runs: readonly DurableRun[], of: (run: DurableRun) => Work): string[] {
  return [
    NAMES[id] ?? id,
    rangeOf(runs, (run) => rateOf(of(run))),
    rangeOf(runs, (run) => cpuOf(of(run)), ' µs'),
    partsOf(runs.map(of)),
    spread(runs.map((run) => of(run).writes / of(run).jobs)).median.toFixed(1),
    loadCell(otherCoresOf(runs)),
  ];
}

/** The median with the lowest and the highest. */
function rangeOf(runs: readonly DurableRun[], of: (run: DurableRun) => number, unit = ''): string {
  const { median, min, max } = spread(runs.map(of));
  return `${figure(median)}${unit} (${figure(min)}–${figure(max)})`;
}

function rateOf({ jobs, seconds }: Work): number {
  return jobs / seconds;
}

/** Processor time of all processes, in µs a job. */
function cpuOf({ jobs, cpuSeconds }: Work): number {
  return (Object.values(cpuSeconds).reduce((sum, seconds) => sum + seconds, 0) * 1e6) / jobs;
}

/** The medians of each process. */
function partsOf(works: readonly Work[]): string {
  const names = Object.keys(works[0]?.cpuSeconds ?? {});
  const medianOf = (name: string) =>
    spread(works.map(({ jobs, cpuSeconds }) => ((cpuSeconds[name] ?? 0) * 1e6) / jobs)).median;
  return names.map((name) => `${name} ${figure(medianOf(name))}`).join(', ');
}
