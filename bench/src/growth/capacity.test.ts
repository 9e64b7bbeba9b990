import { describe, expect, test } from 'vitest';
import {
  demandOf,
  IN_USE,
  jobCosts,
  jobsIn,
  keptCosts,
  type Measured,
  memoryFor,
  PEAK,
  SECONDS_A_DAY,
  streamRate,
} from './capacity.ts';
import { capacitySections } from './capacitySections.ts';
import { growthCharts } from './growthCharts.ts';

const life = {
  createdPerSecond: 10_000,
  createServerMicros: 20,
  jobsPerSecond: 2_000,
  serverMicros: 100,
  workerMicros: 200,
  startSeconds: 0.01,
  idleMicros: 5_000,
  serverMegabytes: 100,
};
const log = { ...life, readMs: 1, restartSeconds: 1, restartedMegabytes: 50, diskMegabytes: 10 };
const measured: Measured = {
  parts: {
    replicas: [
      { ...life, size: 1 },
      { ...life, size: 3, serverMicros: 240, jobsPerSecond: 1_000 },
    ],
  },
  log: [
    { ...log, size: 10_000 },
    {
      ...log,
      size: 1_010_000,
      serverMegabytes: 900,
      restartedMegabytes: 1_050,
      diskMegabytes: 2_010,
      restartSeconds: 11,
    },
  ],
  services: { apiMicros: 150, projectorMicros: 50, postgresMicros: 25 },
};

describe('the arithmetic of capacity', () => {
  test('takes the cost of a job from the measurement with the same number of servers', () => {
    expect(jobCosts(measured, 1)).toEqual({ api: 150, server: 100, worker: 200, projector: 50, postgres: 25 });
    expect(jobCosts(measured, 3).server).toBe(240);
  });

  test('takes the cost of a stored job from the growth of the log, for memory the higher figure', () => {
    expect(keptCosts(measured)).toEqual({ memoryBytes: 1_000, diskBytes: 2_000, startSeconds: 0.000_01 });
  });

  test('plans cores for the busiest time with a reserve', () => {
    const { averagePerSecond, peakPerSecond, cores } = demandOf(measured, SECONDS_A_DAY * 1_000, 1);
    expect([averagePerSecond, peakPerSecond]).toEqual([1_000, 1_000 * PEAK]);
    expect(cores.worker).toBeCloseTo((1_000 * PEAK * 0.000_2) / IN_USE);
  });

  test('adds a stream for the first job that does not fit', () => {
    const most = (2_000 * IN_USE * SECONDS_A_DAY) / PEAK;
    expect(demandOf(measured, most * 0.999, 1).streams).toBe(1);
    expect(demandOf(measured, most * 1.001, 1).streams).toBe(2);
    expect(demandOf(measured, most * 1.001, 3).streams).toBe(3);
  });

  test('limits the jobs of a stream to the rate of its projector', () => {
    const slow = { ...measured, services: { apiMicros: 1, projectorMicros: 1_000, postgresMicros: 1 } };
    expect(streamRate(measured, 1)).toBe(2_000);
    expect(streamRate(slow, 1)).toBe(1_000);
  });

  test('plans memory for the jobs that the log keeps', () => {
    expect(memoryFor(measured, 1_000_000, SECONDS_A_DAY)).toBe(1_000_000_000);
    expect(jobsIn(measured, 1_000_000_000)).toBeCloseTo(1_000_000 * IN_USE);
  });

  test('names the missing part', () => {
    expect(() => jobCosts({ ...measured, parts: {} }, 3)).toThrow('the part replicas has no figures for 3: measure it');
    expect(() => keptCosts({ ...measured, log: [] })).toThrow('the part log needs two sizes: measure it');
  });
});

test('the sections have all figures', () => {
  const sections = Object.values(capacitySections(measured)).join('\n');
  expect(sections).not.toMatch(/NaN|undefined|∞/);
  expect(sections).toContain('**1 KB of the server');
});

test('each measured part has a chart', () => {
  expect(Object.keys(growthCharts(measured))).toEqual(['replicas', 'log']);
});
