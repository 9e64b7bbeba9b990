import { expect, test } from 'vitest';
import type { CostRun } from './costRun.ts';
import { costSections, lineOf } from './costSections.ts';

const facts = { date: '2026-12-03', processor: 'a CPU', cores: 2, versions: { Node: '24', Redis: '8' } };

test('shows the median of the rounds with the lowest and the highest, of all processes together and of each', () => {
  const { processor, bytes, memory } = costSections([runOf(1), runOf(4), runOf(2)], 3, facts);
  expect(processor).toContain('| BullMQ | 400 µs (200 µs–800 µs) | redis 200, worker 200 | 0.02 |');
  expect(bytes).toContain('| BullMQ | 2 KB (1 KB–4 KB) | 500 B (500 B–500 B) | 600 B (600 B–600 B) |');
  expect(memory).toContain('| BullMQ | 100 MB (100 MB–100 MB) | redis 60 MB, worker 40 MB |');
});

test('says how it was measured', () => {
  expect(costSections([runOf(1)], 3, facts).machine).toMatch(
    /^2026-12-03; 2 cores of a CPU, Node 24, Redis 8\. 3 rounds of 1,000 jobs, 500 a second/,
  );
});

test('says a run in one line', () => {
  expect(lineOf(runOf(1))).toBe(
    'BullMQ: 200 µs a job; 1 KB written, 500 B kept, 600 B sent; 100 MB of memory; other load 0.02 cores',
  );
});

function runOf(times: number): CostRun {
  return {
    systemId: 'bullmq',
    name: 'BullMQ',
    jobs: 1_000,
    cpuSeconds: { redis: 0.1 * times, worker: 0.1 * times },
    writtenBytes: 1_000_000 * times,
    keptBytes: 500_000,
    sentBytes: 600_000,
    peakBytes: { redis: 60_000_000, worker: 40_000_000 },
    otherCores: 0.02,
  };
}
