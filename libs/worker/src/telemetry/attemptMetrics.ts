import type { AttemptObserver } from '../attempt/attemptContext.ts';

/** A bound for programs that make up job types; a worker has as many as handlers. */
const MAX_TYPES = 100;
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

/** Creates metrics in a registry: counters, gauges and histograms with the methods of prom-client's. */
export interface MetricFactory {
  counter(options: MetricOptions): { inc(labels: Labels, count?: number): void };
  gauge(options: MetricOptions): { inc(labels: Labels): void; dec(labels: Labels): void };
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): {
    observe(labels: Labels, value: number): void;
  };
}

type Label = 'type' | 'outcome' | 'reason';
type Labels = Partial<Record<Label, string>>;

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

/** The observer that measures the attempts of a worker, and their steps. */
export function attemptMetrics(metrics: MetricFactory): AttemptObserver {
  const typeOf = boundedLabel(MAX_TYPES);
  const { attempts, running, steps, redeliveries, droppedLines } = counts(metrics);
  const { run, step, wait } = times(metrics);
  return {
    redelivered: (jobType) => redeliveries.inc({ type: typeOf(jobType) }),
    started: (jobType, waitedMs) => {
      const type = typeOf(jobType);
      running.inc({ type });
      if (waitedMs !== undefined) wait.observe({ type }, waitedMs / 1_000);
    },
    resumed: (jobType, lateMs) => {
      const type = typeOf(jobType);
      running.inc({ type });
      if (lateMs !== undefined) wait.observe({ type }, lateMs / 1_000);
    },
    ran: (jobType, ms) => run.observe({ type: typeOf(jobType) }, ms / 1_000),
    stepEnded: (jobType, outcome, ms) => {
      const type = typeOf(jobType);
      steps.inc({ type, outcome });
      if (ms !== undefined) step.observe({ type }, ms / 1_000);
    },
    ended: (jobType, outcome) => {
      const type = typeOf(jobType);
      running.dec({ type });
      attempts.inc({ type, outcome });
    },
    lost: (jobType) => attempts.inc({ type: typeOf(jobType), outcome: 'lost' }),
    logLinesDropped: (jobType, lines, reason) => droppedLines.inc({ type: typeOf(jobType), reason }, lines),
  };
}

function counts(metrics: MetricFactory) {
  return {
    attempts: metrics.counter({
      name: 'jobstream_attempts_total',
      help: 'Runs of attempts that are over, by their outcome.',
      labels: ['type', 'outcome'],
    }),
    running: metrics.gauge({
      name: 'jobstream_attempts_running',
      help: 'Attempts that run in this process now.',
      labels: ['type'],
    }),
    steps: metrics.counter({
      name: 'jobstream_steps_total',
      help: 'Steps of handlers that are over, by their outcome.',
      labels: ['type', 'outcome'],
    }),
    redeliveries: metrics.counter({
      name: 'jobstream_redeliveries_total',
      help: 'Messages that came again, because they were handed back or their acknowledgement did not come in time.',
      labels: ['type'],
    }),
    droppedLines: metrics.counter({
      name: 'jobstream_log_lines_dropped_total',
      help: 'Lines that handlers wrote and that were not kept, by the reason.',
      labels: ['type', 'reason'],
    }),
  };
}

function times(metrics: MetricFactory) {
  return {
    run: metrics.histogram({
      name: 'jobstream_attempt_duration_seconds',
      help: 'Run time of handlers, whatever their outcome.',
      labels: ['type'],
      buckets: BUCKETS,
    }),
    step: metrics.histogram({
      name: 'jobstream_step_duration_seconds',
      help: 'Run time of steps, whatever their outcome, with the waits between their runs.',
      labels: ['type'],
      buckets: BUCKETS,
    }),
    wait: metrics.histogram({
      name: 'jobstream_attempt_wait_seconds',
      help: 'Time from when a job could run (created, due, requeued, released, slept) until it did.',
      labels: ['type'],
      buckets: BUCKETS,
    }),
  };
}

/** Returns a function that keeps the first `max` values of a label, and maps all others to `other`. */
function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < max) known.add(value);
    return known.has(value) ? value : 'other';
  };
}
