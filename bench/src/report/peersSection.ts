import type { Comparison, Row } from '../comparePeers.ts';
import type { MachineFacts } from '../machine.ts';
import { spread } from '../measure/percentiles.ts';
import type { Run } from '../runOnce.ts';
import type { Durability } from '../servers/runningServers.ts';
import { table, whole } from './format.ts';
import { pairRatio } from './pairRatio.ts';

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
  rounds,
}: Comparison & MachineFacts): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${date}; ${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}; ${programs.join(', ')}. ${statistics(rounds)} ` +
    `Everything runs on the one machine.`
  );
}

function statistics(rounds: number): string {
  if (rounds === 1) return 'One round: nothing here tells how far a figure moves from run to run.';
  return `Medians of ${rounds} interleaved rounds with minimum and maximum; ratios are medians of the pairs within a round.`;
}

function workloadPart(workload: string, { rows, systems }: Comparison): string {
  const own = rows.filter((row) => row.workload === workload);
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const nameOf = ({ systemId }: Row) => names.get(systemId) ?? systemId;
  const modes = [...new Set(own.map(({ durability }) => durability))];
  const isLatency = workload.startsWith('latency');
  const tables = modes.map((mode) => {
    const group = systems.flatMap(({ id }) => rowIn(mode, own, id));
    return `Durability: ${MODES[mode]}.\n\n${isLatency ? latencyTable(group, nameOf) : rateTable(group, nameOf)}`;
  });
  return [`### ${own[0]?.title ?? workload}`, ...tables].join('\n\n');
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
  return table(['', 'jobs/s', 'Jobstream is', 'CPU a job', 'of it', 'peak memory'], cells);
}

function rateCells(row: Row, us: Row | undefined): string[] {
  if (row.runs.length === 0) return [`failed: ${row.failures[0] ?? 'no run'}`, '', '', '', ''];
  const { median, min, max } = spread(row.runs.map(rateOf));
  return [
    `${whole(median)} (${whole(min)}–${whole(max)})`,
    ratioTo(row, us, (own, other) => rateOf(own) / rateOf(other)),
    `${whole(spread(row.runs.map(cpuMicros)).median)} µs`,
    parts(row.runs[0]),
    `${whole(spread(row.runs.map(peakMiB)).median)} MiB`,
  ];
}

function latencyTable(rows: readonly Row[], nameOf: (row: Row) => string): string {
  const us = rows.find(({ systemId }) => systemId === US);
  const cells = rows.map((row) => [nameOf(row), ...latencyCells(row, us)]);
  return table(
    ['', 'start p50', 'p99', 'p99.9', 'p99 of Jobstream is', 'seen completed p50', 'p99', 'CPU a job'],
    cells,
  );
}

function latencyCells(row: Row, us: Row | undefined): string[] {
  if (row.runs.length === 0) return [`failed: ${row.failures[0] ?? 'no run'}`, ...Array<string>(6).fill('')];
  const at = (client: string, which: 'p50' | 'p99' | 'p999') => {
    const values = row.runs.map((run) => run.clients[client]?.latency?.[which]).filter((value) => value !== undefined);
    return values.length === 0 ? '–' : `${spread(values).median.toFixed(1)} ms`;
  };
  return [
    ...(['p50', 'p99', 'p999'] as const).map((which) => at('worker', which)),
    ratioTo(row, us, (own, other) => startP99(own) / startP99(other)),
    at('producer', 'p50'),
    at('producer', 'p99'),
    `${whole(spread(row.runs.map(cpuMicros)).median)} µs`,
  ];
}

function startP99({ clients }: Run): number {
  return clients['worker']?.latency?.p99 ?? Number.NaN;
}

function ratioTo(row: Row, us: Row | undefined, ratio: (own: Run, other: Run) => number): string {
  return us === undefined || row === us ? '–' : pairRatio(us.runs, row.runs, ratio, 'times');
}

function rateOf({ jobs, seconds }: Run): number {
  return jobs / seconds;
}

function cpuByProcess({ clients, serverCpuSeconds }: Run): Record<string, number> {
  const ofClients = Object.entries(clients).map(([name, { cpuSeconds }]) => [name, cpuSeconds] as const);
  return { ...serverCpuSeconds, ...Object.fromEntries(ofClients) };
}

function cpuMicros(run: Run): number {
  return (Object.values(cpuByProcess(run)).reduce((sum, seconds) => sum + seconds, 0) * 1_000_000) / run.jobs;
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
