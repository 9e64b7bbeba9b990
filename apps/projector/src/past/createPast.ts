import type { EventLog, Lag } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import { cachedFor } from '@jobstream/runtime';
import type { Config, Logger, Metrics, Service } from '@jobstream/runtime';
import { PastFollower } from './pastFollower.ts';
import type { PastObserver } from './pastFollower.ts';
import { PastRetention } from './pastRetention.ts';

export interface PastOptions {
  readonly config: Config;
  readonly eventLog: EventLog;
  readonly table: ReadModel;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Called for an error that no retry can cure. */
  readonly onFailure: (error: unknown) => void;
}

/** Builds what keeps the past states of jobs; nothing where `AS_OF_REACH` is 0. */
export function createPast({ config, metrics, ...parts }: PastOptions): readonly Service[] {
  const reachMs = config.AS_OF_REACH;
  if (reachMs === 0) return [];
  const { eventLog, logger } = parts;
  const databaseUrl = config.DATABASE_URL;
  const observer = pastMetrics(metrics, eventLog);
  return [
    new PastFollower({ ...parts, databaseUrl, observer }),
    new PastRetention({ databaseUrl, reachMs, eventLog, logger }),
  ];
}

const CACHE_MS = 1_000;

/** An observer with metrics. The lag is read when the metrics are collected, by the process that follows. */
function pastMetrics(metrics: Metrics, log: EventLog): PastObserver {
  let place: number | undefined;
  const ask = cachedFor(CACHE_MS, () => log.stats.lag(place ?? 0));
  const read = async () => (place === undefined || !log.isConnected() ? undefined : ask().catch(() => undefined));
  metrics.gauge({
    name: 'jobstream_past_lag_events',
    help: 'Messages of the log whose changes are not in the past states of jobs yet.',
    collect: async (gauge) => {
      const lag = await read();
      if (lag !== undefined) gauge.set(lag.events);
    },
  });
  metrics.gauge({
    name: 'jobstream_past_lag_seconds',
    help: 'Age of the oldest message whose changes are not in the past states of jobs yet.',
    collect: async (gauge) => {
      const lag = await read();
      if (lag !== undefined) gauge.set(ageOf(lag, log.clock.now()));
    },
  });
  const events = metrics.counter({
    name: 'jobstream_past_events_total',
    help: 'Messages that were followed for the past states of jobs.',
  });
  return {
    followed: (sequence, count) => {
      place = sequence;
      events.inc(count);
    },
    standsBy: () => (place = undefined),
  };
}

function ageOf({ oldestAt }: Lag, now: number): number {
  return oldestAt === undefined ? 0 : Math.max(0, now - Date.parse(oldestAt)) / 1_000;
}
