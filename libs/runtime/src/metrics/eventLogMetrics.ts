import type { Metrics } from './metrics.ts';

/** Creates the observer with which a process measures the appends of its event log. */
export function eventLogMetrics(metrics: Metrics) {
  const duration = metrics.histogram({
    name: 'jobstream_append_duration_seconds',
    help: 'Time from asking for an append to its outcome.',
    labels: ['outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  const batch = metrics.histogram({
    name: 'jobstream_append_batch_size_events',
    help: 'Appends committed together as one batch; those that go out alone are not in here.',
    buckets: [12, 25, 50, 100, 200, 350, 500],
  });
  return {
    appended: (outcome: string, ms: number) => duration.observe({ outcome }, ms / 1_000),
    batchSent: (appends: number) => batch.observe(appends),
  };
}
