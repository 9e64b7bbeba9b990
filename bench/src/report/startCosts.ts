import type { Row } from '../comparePeers.ts';
import { spread } from '../measure/percentiles.ts';
import type { Run } from '../runOnce.ts';
import { table, whole } from './format.ts';
import { loadCell, otherCoresOf } from './otherLoad.ts';
import { cpuMicrosWithoutIdling, idleMicros } from './runFigures.ts';

const ALL = 'start';
const FEATURES: Readonly<Record<string, string>> = {
  'start-without-past': 'past states',
  'start-without-keeper': 'keeper',
  'start-without-archive': 'archive',
};

/** What `npm start` costs beside a drain with table, and each feature that was switched off in turn, as a table; none without such rows. */
export function startCosts(rows: readonly Row[]): readonly string[] {
  const runsOf = (system: string) => rows.find(({ systemId }) => systemId === system)?.runs ?? [];
  const [all, withTable] = [runsOf(ALL), runsOf('jobstream-table')];
  if (all.length === 0) return [];
  const features = Object.entries(FEATURES).map(([system, name]) => {
    const [costs, other] = [differences(all, runsOf(system)), runsOf(system)];
    return [`of it: ${name}`, range(costs), '', loadCell(otherCoresOf([...all, ...other]))];
  });
  const text =
    'Processor time a job of all processes, without what the servers use while nothing is asked of them; of a feature, how much less it is without it.';
  const lines = [total('drain with table', withTable), total('everything of `npm start`', all), ...features];
  return [`${text}\n\n${table(['', 'CPU a job', 'idling', 'other load'], lines)}`];
}

function total(name: string, runs: readonly Run[]): string[] {
  const costs = runs.map(cpuMicrosWithoutIdling);
  return [name, range(costs), range(runs.map(idleMicros)), loadCell(otherCoresOf(runs))];
}

/** How much more each run costs than the other of its round, in µs a job. */
function differences(all: readonly Run[], without: readonly Run[]): readonly number[] {
  const pairs = all.slice(0, without.length).entries();
  return [...pairs].map(([round, run]) => cpuMicrosWithoutIdling(run) - costOf(without[round]));
}

function costOf(run: Run | undefined): number {
  return run === undefined ? Number.NaN : cpuMicrosWithoutIdling(run);
}

function range(micros: readonly number[]): string {
  const known = micros.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return 'not measured';
  const { median, min, max } = spread(known);
  return known.length === 1 ? `${whole(median)} µs` : `${whole(median)} (${whole(min)}–${whole(max)}) µs`;
}
