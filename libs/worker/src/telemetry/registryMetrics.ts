import { clockOffsetGauge, type ServerClock } from '@jobstream/eventlog';
import type { Registry } from 'prom-client';
import type { MetricFactory } from './attemptMetrics.ts';

/** A registry of prom-client, whose types this package does not need. */
export interface MetricsRegistry {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/**
 * Creates metrics in a registry that the caller has.
 *
 * @throws the loader's error when prom-client, an optional peer dependency, is not installed.
 */
export async function registryMetrics(given: MetricsRegistry): Promise<MetricFactory> {
  const { Counter, Gauge, Histogram } = await import('prom-client');
  const registers = [given as Registry];
  return {
    counter: ({ name, help, labels }) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: ({ name, help, labels }) => new Gauge({ name, help, labelNames: labels, registers }),
    histogram: ({ name, help, labels, buckets }) =>
      new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers }),
  };
}

/** Adds the gauge of how far the clock of this machine is off to a registry that the caller has; throws as above. */
export async function registerClockOffset(given: MetricsRegistry, clock: ServerClock): Promise<void> {
  const { Gauge } = await import('prom-client');
  const { name, help, collect } = clockOffsetGauge(clock);
  const gauge = new Gauge({ name, help, registers: [], collect: (): void => collect(gauge) });
  (given as Registry).registerMetric(gauge);
}
