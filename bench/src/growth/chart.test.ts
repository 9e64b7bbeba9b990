import { describe, expect, test } from 'vitest';
import { chart, type Chart, niceTicks } from './chart.ts';

const CHART: Chart = {
  unit: 'bytes < 1 KB',
  sizes: [1, 10, 1_000],
  panels: [
    { title: 'µs a job', series: [{ name: 'server & worker', values: [0, 50, 100] }] },
    { title: 'jobs a second', series: [{ name: 'run', values: [3_000, 2_000, 1_000] }] },
  ],
};

const drawn = chart(CHART);
const circles = [...drawn.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
  x: Number(x),
  y: Number(y),
}));

describe('a chart', () => {
  test('has a point for each size in each panel', () => {
    expect(circles).toHaveLength(6);
  });

  test('has a logarithmic axis of sizes', () => {
    const [one, ten, thousand] = circles.slice(0, 3).map(({ x }) => x);
    expect(((thousand ?? 0) - (ten ?? 0)) / ((ten ?? 0) - (one ?? 0))).toBeCloseTo(2, 2);
  });

  test('draws values from zero, the larger ones higher', () => {
    const [none, half, all] = circles.slice(0, 3).map(({ y }) => y);
    expect((none ?? 0) - (half ?? 0)).toBeCloseTo((half ?? 0) - (all ?? 0), 1);
    expect(all).toBeLessThan(none ?? 0);
  });

  test('has its escaped title and labels', () => {
    for (const said of ['bytes &lt; 1 KB', 'server &amp; worker', 'µs a job', '>1 k<', '>3 k<'])
      expect(drawn).toContain(said);
  });

  test('is the same text for the same figures', () => {
    expect(chart(structuredClone(CHART))).toBe(drawn);
  });

  test('supports a single size and values that are all zero', () => {
    const flat = chart({ unit: '', sizes: [5], panels: [{ title: '', series: [{ name: '', values: [0] }] }] });
    expect(flat).not.toMatch(/NaN|Infinity/);
  });
});

test.each([
  [100, [0, 20, 40, 60, 80, 100]],
  [101, [0, 25, 50, 75, 100, 125]],
  [7, [0, 2, 4, 6, 8]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [0, [0, 1]],
])('the scale up to %d has the ticks %j', (most, ticks) => {
  expect(niceTicks(most)).toEqual(ticks);
});
