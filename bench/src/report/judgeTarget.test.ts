import { expect, test } from 'vitest';
import { judgeTarget, targetsTable } from './judgeTarget.ts';
import type { Results } from './measuredFor.ts';
import { MOST_OTHER_CORES } from './otherLoad.ts';
import type { Target } from './targets.ts';

const HERE = { processor: 'Intel(R) Xeon(R) Processor', cores: 2 };
const ELSEWHERE = { ...HERE, cores: 8 };
const rate: Target = { what: '', unit: String, atLeast: 0.85, measured: () => undefined };
const time: Target = { what: '', unit: String, atMost: 100, onOneMachine: true, measured: () => undefined };
const timeOrFloor: Target = { ...time, orTimesFloor: 1.15 };

function at(value: number) {
  return { value, otherCores: MOST_OTHER_CORES };
}

function verdictOf(target: Target, value: number, floor?: number, machine: object = HERE) {
  return judgeTarget(target, { measured: at(value), floor: floor === undefined ? undefined : at(floor), machine });
}

test('a figure within its bound is met, also at the bound', () => {
  expect(verdictOf(rate, 0.85)).toBe('met');
  expect(verdictOf(rate, 0.84)).toBe('missed');
  expect(verdictOf(time, 100)).toBe('met');
  expect(verdictOf(time, 101)).toBe('missed');
});

test('a figure that misses its bound is at the floor when it is within three percent of the bare parts', () => {
  expect(verdictOf(rate, 0.78, 0.8)).toBe('at the floor');
  expect(verdictOf(rate, 0.77, 0.8)).toBe('missed');
  expect(verdictOf(time, 206, 200)).toBe('at the floor');
  expect(verdictOf(time, 207, 200)).toBe('missed');
});

test('some times the bare parts are enough where the target says so', () => {
  expect(verdictOf(timeOrFloor, 229, 200)).toBe('met');
  expect(verdictOf(timeOrFloor, 232, 200)).toBe('missed');
  expect(verdictOf(timeOrFloor, 229, 200, ELSEWHERE)).toBe('met');
  expect(verdictOf(timeOrFloor, 90, 60, ELSEWHERE)).toBe('missed');
});

test('a time of another machine is judged by the bare parts alone', () => {
  expect(verdictOf(time, 50, 49, ELSEWHERE)).toBe('at the floor');
  expect(verdictOf(time, 50, 40, ELSEWHERE)).toBe('not judged');
  expect(verdictOf(time, 50, undefined, { ...HERE, processor: 'another' })).toBe('not judged');
  expect(verdictOf(rate, 0.9, undefined, ELSEWHERE)).toBe('met');
});

test('nothing is judged beside more than a tenth of a core of other processes, be it at the floor', () => {
  const [calm, disturbed] = [
    { value: 1, otherCores: 0 },
    { value: 1, otherCores: MOST_OTHER_CORES + 0.01 },
  ];
  expect(judgeTarget(rate, { measured: disturbed, machine: HERE })).toBe('not judged');
  expect(judgeTarget(rate, { measured: calm, floor: disturbed, machine: HERE })).toBe('not judged');
  expect(judgeTarget(rate, { measured: { value: 1, otherCores: undefined }, machine: HERE })).toBe('met');
});

test('the table says which targets were not measured', () => {
  const rows = targetsTable({ peers: { rows: [] }, http: { rows: [] }, projector: { runs: [] } })
    .split('\n')
    .slice(2);
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row).toContain('| not measured |');
});

test('a row of the table has the bound, the figure, the verdict, the bare parts and the load', () => {
  const events = { events: 300, readPerSecond: 100, projectedPerSecond: 90, baselinePerSecond: 100 };
  const projected = [[{ ...events, shape: 'concurrent', otherCores: 0.05 }]] as const;
  const singles = [
    ['jobstream', 98],
    ['baseline', 100],
  ] as const;
  const rows = singles.map(([systemId, jobs]) => {
    const runs = [{ jobs, seconds: 1, otherCores: 0.2 }];
    return { workload: 'enqueue-1', durability: 'fsync', systemId, runs };
  });
  const results = { peers: { rows }, http: { rows: [] }, projector: { runs: projected } } as unknown as Results;
  const lines = targetsTable(results).split('\n');
  const cellsOf = (what: string) =>
    lines
      .find((line) => line.startsWith(`| ${what}`))
      ?.slice(2, -2)
      .split(' | ')
      .slice(1);
  const catchUp = cellsOf('the projector catches up, events of a job close together ');
  expect(catchUp).toEqual(['≥ 0.85 × bare parts', '0.90 ×', 'met', '', '0.05']);
  const single = cellsOf('single enqueue, one in flight, fsync ');
  expect(single).toEqual(['≥ 1.00 × bare parts', '0.98 ×', 'not judged', '1.00 ×', '**0.20**']);
});
