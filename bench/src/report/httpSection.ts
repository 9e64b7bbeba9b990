import { requestRate, type HttpComparison, type HttpRow } from '../http/compareHttp.ts';
import { spread } from '../measure/median.ts';
import { pairRatio } from './pairRatio.ts';
import { table } from './table.ts';
import { whole } from './whole.ts';

/** The HTTP calls as a section of a Markdown page. */
export function httpSection({ rows }: HttpComparison): string {
  const ruler = rows.find(({ id }) => id === 'express');
  const cells = rows.map((row) => [row.name, ...cellsOf(row, ruler)]);
  const head = ['', 'requests/s', 'of bare Express', 'jobs/s', 'p50', 'p99', 'CPU a request', 'failed'];
  return table(head, cells);
}

function cellsOf(row: HttpRow, ruler: HttpRow | undefined): string[] {
  const { median, min, max } = requestRate(row);
  const isSingle = row.jobsPerRequest === 1;
  return [
    `${whole(median)} (${whole(min)}–${whole(max)})`,
    isSingle ? pairRatio(row.runs, ruler?.runs, (own, other) => rate(own) / rate(other), 'share') : '–',
    row.id === 'express' ? '–' : whole(median * row.jobsPerRequest),
    `${whole(spread(row.runs.map(({ p50 }) => p50)).median)} ms`,
    `${whole(spread(row.runs.map(({ p99 }) => p99)).median)} ms`,
    cpuOf(row),
    whole(row.runs.reduce((sum, { failed }) => sum + failed, 0)),
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
