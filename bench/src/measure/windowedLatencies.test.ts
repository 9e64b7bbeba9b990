import { expect, test } from 'vitest';
import { WindowedLatencies } from './windowedLatencies.ts';

test('each window has the latencies of its own jobs, and those of the warm-up count nowhere', () => {
  const latencies = new WindowedLatencies({ warmUp: 10, jobsPerWindow: 100 });
  for (let n = 209; n >= 0; n -= 1)
    latencies.add(n, n < 10 ? 9_000_000 : (n < 110 ? 1_000 : 2_000) * (n % 100 === 50 ? 5 : 1));
  expect(latencies.all()).toEqual([
    { jobs: 100, p50: 1, p99: 1, p999: 5, max: 5 },
    { jobs: 100, p50: 2, p99: 2, p999: 10, max: 10 },
  ]);
});
