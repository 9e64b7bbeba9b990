import { type HttpComparison, type HttpRow, requestRate } from '../http/compareHttp.ts';
import { spread, type Spread } from '../measure/percentiles.ts';
import type { CatchUp } from '../projector/measureCatchUp.ts';
import { table, whole } from './format.ts';
import { loadCell, otherCoresOf } from './otherLoad.ts';
import { pairRatio } from './pairRatio.ts';

const SHAPES: Readonly<Record<string, string>> = {
  concurrent: 'events of a job close together, as 100 jobs at once leave them',
  backlog: 'events of a job far apart: all created before the first is run',
};

/** The HTTP calls as a section of a Markdown page. */
export function httpSection({ rows }: HttpComparison): string {
  const baseline = rows.find(({ id }) => id === 'express');
  const cells = rows.map((row) => [row.name, ...cellsOf(row, baseline)]);
  const head = [
    '',
    'requests/s',
    'of minimal Express',
    'jobs/s',
    'p50',
    'p99',
    'CPU a request',
    'failed',
    'other load',
  ];
  return table(head, cells);
}

function cellsOf(row: HttpRow, baseline: HttpRow | undefined): string[] {
  const { median, min, max } = requestRate(row);
  const isSingle = row.jobsPerRequest === 1;
  return [
    `${whole(median)} (${whole(min)}–${whole(max)})`,
    isSingle ? pairRatio(row.runs, baseline?.runs, (own, other) => rate(own) / rate(other), 'share') : '–',
    row.id === 'express' ? '–' : whole(median * row.jobsPerRequest),
    `${whole(spread(row.runs.map(({ p50 }) => p50)).median)} ms`,
    `${whole(spread(row.runs.map(({ p99 }) => p99)).median)} ms`,
    cpuOf(row),
    whole(row.runs.reduce((sum, { failed }) => sum + failed, 0)),
    loadCell(otherCoresOf(row.runs)),
  ];
}

function rate({ requests, seconds }: HttpRow['runs'][number]): number {
  return requests / seconds;
}

function cpuOf({ runs }: HttpRow): string {
  const names = Object.keys(runs[0]?.serverCpuSeconds ?? {});
  const microsOf = (name: string) =>
    spread(runs.map(({ serverCpuSeconds, requests }) => ((serverCpuSeconds[name] ?? 0) * 1_000_000) / requests)).median;
  return names.map((name) => `${name} ${whole(microsOf(name))} µs`).join(', ');
}

/** How fast the projector catches up, as a table. */
export function catchUpSection(runs: readonly (readonly CatchUp[])[]): string {
  const shapes = runs[0]?.map(({ shape }) => shape) ?? [];
  const rows = shapes.map((shape) => {
    const own = runs.flatMap((run) => run.filter((one) => one.shape === shape));
    return [
      SHAPES[shape] ?? shape,
      whole(own[0]?.events ?? 0),
      range(spread(own.map(({ projectedPerSecond }) => projectedPerSecond))),
      range(spread(own.map(({ baselinePerSecond }) => baselinePerSecond))),
      range(spread(own.map(({ readPerSecond }) => readPerSecond))),
      loadCell(otherCoresOf(own)),
    ];
  });
  const rates = ['projected', 'baseline', 'read and decoded alone'].map((what) => `${what}, events/s`);
  return table(['', 'events', ...rates, 'other load'], rows);
}

function range({ median, min, max }: Spread): string {
  return `${whole(median)} (${whole(min)}–${whole(max)})`;
}
