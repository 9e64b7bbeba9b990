import type { Comparison, Row } from '../comparePeers.ts';
import type { MachineFacts } from '../machine.ts';
import { spread } from '../measure/percentiles.ts';
import type { WindowLatency } from '../measure/windowedLatencies.ts';
import type { Run } from '../runOnce.ts';
import type { Durability } from '../servers/runningServers.ts';
import { table, whole } from './format.ts';
import { loadCell, MOST_OTHER_CORES, otherCoresOf } from './otherLoad.ts';
import { pairRatio } from './pairRatio.ts';
import { cpuByProcess, cpuMicros, rateOf, windowsOf } from './runFigures.ts';
import { startCosts } from './startCosts.ts';

const US = 'jobstream';
const MODES: Readonly<Record<Durability, string>> = {
  fsync: 'on disk before it is acknowledged',
  default: 'as the servers come',
};

/** The comparison with the peers as a section of a Markdown page. */
export function peersSection(results: Comparison & MachineFacts): string {
  const workloads = [...new Set(results.rows.map(({ workload }) => workload))];
  return [
    circumstances(results),
    ...workloads.map((workload) => workloadPart(workload, results)),
    '### What each system does, and does not do',
    ...results.systems.map(({ name, notes }) => notes.map((note) => `- **${name}.** ${note}`).join('\n')),
    ...Object.entries(results.missing).map(([id, why]) => `- **${id}** could not be run: ${why}`),
  ].join('\n\n');
}

function circumstances({
  date,
  processor,
  cores,
  memoryGiB,
  kernel,
  versions,
  rows,
}: Comparison & MachineFacts): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${date}; ${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}; ${programs.join(', ')}. ${statistics(rows)} ` +
    `Everything runs on the one machine. _Other load_: how many cores other processes kept busy meanwhile, in the worst round; ` +
    `above ${MOST_OTHER_CORES} it is bold, and no target is judged by the figure.`
  );
}

/** Workloads can be measured in runs of their own, of other numbers of rounds. */
function statistics(rows: readonly Row[]): string {
  const rounds = rows.map(({ runs }) => runs.length).filter((count) => count > 0);
  const [least, most] = [Math.min(...rounds), Math.max(...rounds)];
  if (most <= 1) return 'One round: nothing here tells how far a figure moves from run to run.';
  return (
    `Medians of ${least === most ? most : `${least} to ${most}`} interleaved rounds, for latency of all windows, with minimum and maximum; ` +
    `ratios are medians of the pairs within a round or window.`
  );
}

function workloadPart(workload: string, { rows, systems, date }: Comparison & MachineFacts): string {
  const own = rows.filter((row) => row.workload === workload);
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const nameOf = ({ systemId }: Row) => names.get(systemId) ?? systemId;
  const modes = [...new Set(own.map(({ durability }) => durability))];
  const isLatency = workload.startsWith('latency');
  const tables = modes.map((mode) => {
    const shown = systems.filter(({ syncsAlone }) => mode === 'fsync' || syncsAlone !== true);
    const group = shown.flatMap(({ id }) => rowIn(mode, own, id));
    return `Durability: ${MODES[mode]}.\n\n${isLatency ? latencyTable(group, nameOf) : rateTable(group, nameOf)}`;
  });
  return [`### ${own[0]?.title ?? workload}`, ...otherDay(own[0], date), ...tables, ...startCosts(own)].join('\n\n');
}

/** Workloads can be measured in runs of their own. */
function otherDay(row: Row | undefined, date: string): readonly string[] {
  return row === undefined || row.date === date ? [] : [`Measured on ${row.date}.`];
}

/** A system that syncs by default is measured once, for both modes. */
function rowIn(mode: Durability, rows: readonly Row[], system: string): readonly Row[] {
  const own = rows.filter(({ systemId }) => systemId === system);
  const row = own.find(({ durability }) => durability === mode) ?? own.find(({ durability }) => durability === 'fsync');
  return row === undefined ? [] : [row];
}

function rateTable(rows: readonly Row[], nameOf: (row: Row) => string): string {
  const us = rows.find(({ systemId }) => systemId === US);
  const cells = rows.map((row) => [nameOf(row), ...rateCells(row, us)]);
  return table(['', 'jobs/s', 'Jobstream is', 'CPU a job', 'of it', 'peak memory', 'other load'], cells);
}

function rateCells(row: Row, us: Row | undefined): string[] {
  if (row.runs.length === 0) return [`failed: ${row.failures[0] ?? 'no run'}`, ...Array<string>(5).fill('')];
  const { median, min, max } = spread(row.runs.map(rateOf));
  return [
    `${whole(median)} (${whole(min)}–${whole(max)})`,
    ratioTo(row, us, (own, other) => rateOf(own) / rateOf(other)),
    `${whole(cpuOf(row))} µs`,
    parts(row.runs[0]),
    `${whole(spread(row.runs.map(peakMiB)).median)} MiB`,
    loadCell(otherCoresOf(row.runs)),
  ];
}

function latencyTable(rows: readonly Row[], nameOf: (row: Row) => string): string {
  const us = rows.find(({ systemId }) => systemId === US);
  const cells = rows.map((row) => [nameOf(row), ...latencyCells(row, us)]);
  return table(
    ['', 'start p50', 'p99', 'p99.9', 'p99 of Jobstream is', 'seen completed p50', 'p99', 'CPU a job', 'other load'],
    cells,
  );
}

function latencyCells(row: Row, us: Row | undefined): string[] {
  if (row.runs.length === 0) return [`failed: ${row.failures[0] ?? 'no run'}`, ...Array<string>(7).fill('')];
  const [start, completion] = [windowsOf(row.runs, 'start'), windowsOf(row.runs, 'completion')];
  const ofUs = us === undefined || us === row ? undefined : windowsOf(us.runs, 'start');
  return [
    ...(['p50', 'p99', 'p999'] as const).map((which) => latencyCell(start, which)),
    ofUs === undefined ? '–' : pairRatio(ofUs, start, (own, other) => own.p99 / other.p99, 'times'),
    ...(['p50', 'p99'] as const).map((which) => latencyCell(completion, which)),
    `${whole(cpuOf(row))} µs`,
    loadCell(otherCoresOf(row.runs)),
  ];
}

/** Fewer jobs than these have no thousandth that says anything. */
const JOBS_FOR_P999 = 10_000;

/** The median of the windows, with the lowest and the highest if there are several; a dash where too few jobs were seen. */
function latencyCell(windows: readonly WindowLatency[], which: 'p50' | 'p99' | 'p999'): string {
  const isTooFew = which === 'p999' && windows.some(({ jobs }) => jobs < JOBS_FOR_P999);
  if (windows.length === 0 || isTooFew) return '–';
  const { median, min, max } = spread(windows.map((window) => window[which]));
  const range = windows.length === 1 ? '' : ` (${min.toFixed(1)}–${max.toFixed(1)})`;
  return `${median.toFixed(1)}${range} ms`;
}

function cpuOf({ runs }: Row): number {
  return spread(runs.map((run) => cpuMicros(run))).median;
}

function ratioTo(row: Row, us: Row | undefined, ratio: (own: Run, other: Run) => number): string {
  return us === undefined || row === us ? '–' : pairRatio(us.runs, row.runs, ratio, 'times');
}

function parts(run: Run | undefined): string {
  if (run === undefined) return '';
  const each = Object.entries(cpuByProcess(run));
  return each.map(([name, seconds]) => `${name} ${whole((seconds * 1_000_000) / run.jobs)}`).join(', ');
}

function peakMiB({ clients, serverPeakBytes }: Run): number {
  const bytes = [...Object.values(serverPeakBytes), ...Object.values(clients).map((client) => client.peakBytes)];
  return bytes.reduce((sum, value) => sum + value, 0) / 2 ** 20;
}
