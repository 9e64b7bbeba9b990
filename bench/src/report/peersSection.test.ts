import { expect, test } from 'vitest';
import type { Comparison, Row } from '../comparePeers.ts';
import type { MachineFacts } from '../machine.ts';
import type { WindowLatency } from '../measure/windowedLatencies.ts';
import type { Run } from '../runOnce.ts';
import { peersSection } from './peersSection.ts';

const MACHINE: MachineFacts = {
  date: '2026-11-26',
  processor: 'x',
  cores: 2,
  memoryGiB: 24,
  kernel: '6',
  versions: {},
};

function run(micros: number, further: Partial<Run> = {}): Run {
  const worker = { seconds: 1, cpuSeconds: micros / 1_000, peakBytes: 0 };
  return { jobs: 1_000, seconds: 1, clients: { worker }, serverCpuSeconds: {}, serverPeakBytes: {}, ...further };
}

function row(systemId: string, runs: readonly Run[], workload = 'drain', durability: Row['durability'] = 'fsync'): Row {
  return { workload, title: workload, durability, systemId, date: '2026-11-26', runs, failures: [] };
}

/** The cells of the rows of a section, by what their first cell is. */
function cellsOf(rows: readonly Row[], systems: Comparison['systems']): Record<string, string[][]> {
  const lines = peersSection({ missing: {}, rows, systems, ...MACHINE }).split('\n');
  const cells = lines.filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '));
  return Object.groupBy(cells, ([name = '']) => name.trim()) as Record<string, string[][]>;
}

function system(id: string, further: object = {}) {
  return { id, name: id, notes: [], ...further };
}

function latency(jobs: number, p99: number): WindowLatency {
  return { jobs, p50: p99 / 2, p99, p999: p99 * 2, max: p99 * 3 };
}

function withWindows(...windows: readonly WindowLatency[]): Run {
  const worker = { seconds: 1, cpuSeconds: 1, peakBytes: 0, windows };
  return run(0, { clients: { worker } });
}

test('how many rounds there were is told of all workloads', () => {
  const rows = [row('jobstream', [run(1), run(1)], 'drain'), row('jobstream', [run(1)], 'latency-500')];
  const section = peersSection({ missing: {}, rows, systems: [system('jobstream')], ...MACHINE });
  expect(section).toContain('Medians of 1 to 2 interleaved rounds');
});

test('latency is the median of the windows of all runs, with the lowest and the highest', () => {
  const runs = [withWindows(latency(10_000, 4), latency(10_000, 6)), withWindows(latency(10_000, 8))];
  const cells = cellsOf([row('jobstream', runs, 'latency-500')], [system('jobstream')]);
  expect(cells['jobstream']?.[0]?.slice(1, 4)).toEqual(['3.0 (2.0–4.0) ms', '6.0 (4.0–8.0) ms', '12.0 (8.0–16.0) ms']);
});

test('there is no p99.9 of a window with fewer than 10,000 jobs', () => {
  const runs = [withWindows(latency(10_000, 4), latency(9_999, 6))];
  const cells = cellsOf([row('jobstream', runs, 'latency-500')], [system('jobstream')]);
  expect(cells['jobstream']?.[0]?.slice(2, 4)).toEqual(['5.0 (4.0–6.0) ms', '–']);
});

test('the highest load of other processes stands beside a figure, and is marked above a tenth of a core', () => {
  const rows = [
    row('jobstream', [run(1, { otherCores: 0.02 }), run(1, { otherCores: 0.1 })]),
    row('disturbed', [run(1, { otherCores: 0 }), run(1, { otherCores: 0.31 })]),
    row('older', [run(1)]),
  ];
  const cells = cellsOf(rows, [system('jobstream'), system('disturbed'), system('older')]);
  const loads = ['jobstream', 'disturbed', 'older'].map((name) => cells[name]?.[0]?.at(-1));
  expect(loads).toEqual(['0.10', '**0.31**', '–']);
});

test('a system that is measured with fsync alone is shown there alone, unlike one that syncs by default', () => {
  const rows = [
    row('jobstream', [run(1)]),
    row('jobstream', [run(1)], 'drain', 'default'),
    row('pg-boss', [run(1)]),
    row('start-like', [run(1)]),
  ];
  const cells = cellsOf(rows, [system('jobstream'), system('pg-boss'), system('start-like', { syncsAlone: true })]);
  const counts = ['jobstream', 'pg-boss', 'start-like'].map((name) => cells[name]?.length);
  expect(counts).toEqual([2, 2, 1]);
});

test('what npm start costs is shown without idling, and a feature as the difference within a round', () => {
  const idle = { idleCores: 0.1, measuredSeconds: 0.5 };
  const rows = [
    row('jobstream-table', [run(100)]),
    row('start', [run(300, { idle }), run(310, { idle }), run(600, { idle })]),
    row('start-without-past', [run(260, { idle }), run(280, { idle }), run(590, { idle })]),
  ];
  const systems = [system('jobstream-table'), system('start'), system('start-without-past')];
  const cells = cellsOf(rows, systems);
  expect(cells['everything of `npm start`']?.[0]?.slice(1, 3)).toEqual(['260 (250–550) µs', '50 (50–50) µs']);
  expect(cells['of it: past states']?.[0]?.[1]).toBe('30 (10–40) µs');
  expect(cells['of it: keeper']?.[0]?.[1]).toBe('not measured');
  expect(cells['drain with table']?.[0]?.[1]).toBe('not measured');
});

test('a workload that was measured on another day says on which', () => {
  const rows = [row('jobstream', [run(1)]), { ...row('jobstream', [run(1)], 'bulk'), date: '2026-11-20' }];
  const section = peersSection({ missing: {}, rows, systems: [system('jobstream')], ...MACHINE });
  expect(section).toContain('### bulk\n\nMeasured on 2026-11-20.\n');
  expect(section).toContain('### drain\n\nDurability');
});
