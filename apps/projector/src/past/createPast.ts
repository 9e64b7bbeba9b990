import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import type { Config, Logger, Metrics, Service } from '@jobstream/runtime';
import { lagGauges } from '../follow/lagGauges.ts';
import type { RecentEntries } from '../follow/recentEntries.ts';
import { PastFollower } from './pastFollower.ts';
import type { PastObserver } from './pastFollower.ts';
import { PastRetention } from './pastRetention.ts';

export interface PastOptions {
  readonly config: Config;
  readonly eventLog: EventLog;
  readonly table: ReadModel;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** What the projector has just read. */
  readonly recent: RecentEntries | undefined;
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

/** An observer with metrics. */
function pastMetrics(metrics: Metrics, log: EventLog): PastObserver {
  let place: number | undefined;
  lagGauges(metrics, {
    log,
    position: () => place,
    events: {
      name: 'jobstream_past_lag_events',
      help: 'Messages of the log whose changes are not in the past states of jobs yet.',
    },
    seconds: {
      name: 'jobstream_past_lag_seconds',
      help: 'Age of the oldest message whose changes are not in the past states of jobs yet.',
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
    becameStandby: () => (place = undefined),
    interrupted: () => (place = undefined),
  };
}
