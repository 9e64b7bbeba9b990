import { chart } from './chart.ts';
import { GROWTH_PARTS, type GrowthPart, type GrowthPoint } from './growthParts.ts';
import type { Growth } from './measureGrowth.ts';
import type { LogPoint } from './measureLog.ts';

/** The charts by their file names without ending; a part that was not measured has none. */
export function growthCharts({ parts, log }: Pick<Growth, 'parts' | 'log'>): Record<string, string> {
  const drawn = GROWTH_PARTS.flatMap((part) => {
    const points = parts[part.id] ?? [];
    return points.length === 0 ? [] : [[part.id, partChart(part, points)]];
  });
  return { ...Object.fromEntries(drawn), log: logChart(log) };
}

function partChart({ unit }: GrowthPart, points: readonly GrowthPoint[]): string {
  const cost = [
    line('nats-server, whole life', points, ({ serverMicros }) => serverMicros),
    line('nats-server, creation alone', points, ({ createServerMicros }) => createServerMicros),
    line('workers', points, ({ workerMicros }) => workerMicros),
  ];
  const rate = [
    line('created, no worker there', points, ({ createdPerSecond }) => createdPerSecond),
    line('created and run', points, ({ jobsPerSecond }) => jobsPerSecond),
  ];
  const panels = [
    { title: 'processor time, µs a job', series: cost },
    { title: 'jobs a second', series: rate },
  ];
  return chart({ unit, sizes: points.map(({ size }) => size), panels });
}

function logChart(log: readonly LogPoint[]): string {
  const cost = [
    line('nats-server', log, ({ serverMicros }) => serverMicros),
    line('worker', log, ({ workerMicros }) => workerMicros),
  ];
  const memory = [
    line('after a start and some work', log, ({ serverMegabytes }) => serverMegabytes),
    line('after a start', log, ({ restartedMegabytes }) => restartedMegabytes),
  ];
  const panels = [
    { title: 'processor time, µs a job', series: cost },
    { title: 'memory of nats-server, MB', series: memory },
  ];
  return chart({ unit: 'finished jobs in the log', sizes: log.map(({ size }) => size), panels });
}

function line<Point>(name: string, points: readonly Point[], of: (point: Point) => number) {
  return { name, values: points.map(of) };
}
