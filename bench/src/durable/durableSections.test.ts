import { expect, test } from 'vitest';
import type { DurableRun, Work } from './durableRun.ts';
import { durableSections, lineOf } from './durableSections.ts';

const sizes = { jobs: 100, roundTrips: 3, bursts: 2, concurrency: 50, rounds: 3 };
const facts = { date: '2026-12-02', processor: 'a CPU', cores: 2, versions: { Node: '24' }, dbos: '5.3.0' };

test('shows the median of the rounds with the lowest and the highest, and all processes together', () => {
  const runs = [runOf('dbos', 1), runOf('dbos', 4), runOf('dbos', 2)];
  const { steps } = durableSections(runs, sizes, facts);
  expect(steps).toContain(
    '| DBOS | 50 (25–100) | 30,000 µs (30,000–30,000) | postgres 20,000, worker 10,000 | 5.0 | 0.02 |',
  );
});

test('shows percentiles of signals, and the work of signals at once', () => {
  const { signals } = durableSections([runOf('jobstream', 1)], sizes, facts);
  expect(signals).toContain('| Jobstream | 2 ms (2–2) | 9 ms (9–9) | 0.02 |');
  expect(signals).toContain('| Jobstream | 100 (100–100) |');
});

test('marks a system beside which much else ran', () => {
  const { steps } = durableSections([{ ...runOf('dbos', 1), otherCores: 0.5 }, runOf('dbos', 1)], sizes, facts);
  expect(steps).toContain('| **0.50** |');
});

test('says a run in one line', () => {
  expect(lineOf(runOf('dbos', 1))).toBe(
    'DBOS: 100 jobs/s, 30,000 µs a job; signal p50 2.0, p99 9.0 ms; bursts 100 jobs/s, 30,000 µs a job; other load 0.02 cores',
  );
});

function runOf(systemId: string, seconds: number): DurableRun {
  return { systemId, drain: workOf(seconds), roundTrips: [9, 1, 2], bursts: workOf(seconds), otherCores: 0.02 };
}

function workOf(seconds: number): Work {
  return { jobs: 100, seconds, writes: 500, cpuSeconds: { postgres: 2, worker: 1 } };
}
