import { countOf } from '@jobstream/runtime';
import type { MachineFacts } from '../machine.ts';
import { spread } from '../measure/percentiles.ts';
import { bytesFigure, figure, table, whole } from '../report/format.ts';
import { loadCell, otherCoresOf } from '../report/otherLoad.ts';
import { type CostRun, RATE } from './costRun.ts';

type Parts = Readonly<Record<string, number>>;
type BySystem = readonly (readonly CostRun[])[];

/** One run as a line. */
export function lineOf(run: CostRun): string {
  const { name, jobs, otherCores } = run;
  const [sent, kept] = [bytesFigure(run.sentBytes / jobs), bytesFigure(run.keptBytes / jobs)];
  const cells = [
    `${name}: ${whole(microsOf(run))} µs a job`,
    `${bytesFigure(run.writtenBytes / jobs)} written, ${kept} kept, ${sent} sent`,
    `${bytesFigure(sumOf(run.peakBytes))} of memory`,
    `other load ${otherCores.toFixed(2)} cores`,
  ];
  return cells.join('; ');
}

/** The generated sections of the page: the medians of all rounds with the lowest and the highest. */
export function costSections(
  runs: readonly CostRun[],
  rounds: number,
  facts: Pick<MachineFacts, 'date' | 'processor' | 'cores' | 'versions'>,
): Record<'machine' | 'processor' | 'bytes' | 'memory', string> {
  const systems = [...Map.groupBy(runs, ({ systemId }) => systemId).values()];
  return {
    machine: machine(runs, rounds, facts),
    processor: processor(systems),
    bytes: bytes(systems),
    memory: memory(systems),
  };
}

function machine(
  runs: readonly CostRun[],
  rounds: number,
  { date, processor: model, cores, versions }: Pick<MachineFacts, 'date' | 'processor' | 'cores' | 'versions'>,
): string {
  const servers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${date}; ${cores} cores of ${model}, ${servers.join(', ')}. ${countOf(rounds, 'round')} of ${whole(runs[0]?.jobs ?? 0)} jobs, ${RATE} a second, each with all systems one after the ` +
    'other, with fresh servers and after a warm-up. Figures are the median of the rounds, with the lowest and the highest. Other load is what processes ' +
    'without a part in it used in the worst of the rounds, in cores.'
  );
}

function processor(systems: BySystem): string {
  return table(
    ['processor time a job', 'all processes', 'of it, in µs', 'other load'],
    systems.map((runs) => [
      nameOf(runs),
      rangeOf(runs, microsOf, (micros) => `${figure(micros)} µs`),
      partsOf(runs, ({ cpuSeconds, jobs }, name) => ((cpuSeconds[name] ?? 0) * 1e6) / jobs, figure, 'cpuSeconds'),
      loadCell(otherCoresOf(runs)),
    ]),
  );
}

function bytes(systems: BySystem): string {
  return table(
    ['bytes a job', 'written to disk', 'kept on disk', 'sent'],
    systems.map((runs) => [
      nameOf(runs),
      rangeOf(runs, ({ writtenBytes, jobs }) => writtenBytes / jobs, bytesFigure),
      rangeOf(runs, ({ keptBytes, jobs }) => keptBytes / jobs, bytesFigure),
      rangeOf(runs, ({ sentBytes, jobs }) => sentBytes / jobs, bytesFigure),
    ]),
  );
}

function memory(systems: BySystem): string {
  return table(
    ['peak memory', 'all processes', 'of it'],
    systems.map((runs) => [
      nameOf(runs),
      rangeOf(runs, ({ peakBytes }) => sumOf(peakBytes), bytesFigure),
      partsOf(runs, ({ peakBytes }, name) => peakBytes[name] ?? 0, bytesFigure, 'peakBytes'),
    ]),
  );
}

function nameOf(runs: readonly CostRun[]): string {
  return runs[0]?.name ?? '';
}

function microsOf({ cpuSeconds, jobs }: CostRun): number {
  return (sumOf(cpuSeconds) * 1e6) / jobs;
}

function sumOf(parts: Parts): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}

/** The median with the lowest and the highest. */
function rangeOf(runs: readonly CostRun[], of: (run: CostRun) => number, written: (value: number) => string): string {
  const { median, min, max } = spread(runs.map(of));
  return `${written(median)} (${written(min)}–${written(max)})`;
}

/** The medians of each process. */
function partsOf(
  runs: readonly CostRun[],
  of: (run: CostRun, name: string) => number,
  written: (value: number) => string,
  field: 'cpuSeconds' | 'peakBytes',
): string {
  const names = Object.keys(runs[0]?.[field] ?? {});
  return names.map((name) => `${name} ${written(spread(runs.map((run) => of(run, name))).median)}`).join(', ');
}
