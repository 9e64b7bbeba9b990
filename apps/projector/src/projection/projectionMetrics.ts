import type { LogEntry } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import { cachedFor, type Metrics } from '@jobstream/runtime';
import { lagGauges, type MeasuredLog } from '../follow/lagGauges.ts';
import type { ProjectionObserver } from './projectLog.ts';

const CACHE_MS = 1_000;

/** The position of this projector; undefined until it gets the lock, and while another one holds it. */
interface Place {
  active: boolean;
  sequence: number | undefined;
}

/** An observer with metrics. The lag is read when the metrics are collected, at most every second. */
export function projectionMetrics(metrics: Metrics, log: MeasuredLog): ProjectionObserver {
  const place: Place = { active: false, sequence: undefined };
  stateGauges(metrics, place, log);
  const { events, quarantined, interruptions, duration } = counts(metrics);
  return {
    becameActive: (sequence) => Object.assign(place, { active: true, sequence }),
    becameStandby: () => Object.assign(place, { active: false, sequence: undefined }),
    interrupted: () => {
      place.active = false;
      interruptions.inc();
    },
    projected: (entries, ms) => {
      place.sequence = entries.at(-1)?.sequence ?? place.sequence;
      duration.observe(ms / 1_000);
      for (const [event, count] of byEvent(entries)) events.inc({ event }, count);
    },
    quarantined: (messages) => quarantined.inc(messages),
  };
}

/** A gauge of the jobs that wait for a newer release; read from the table when it is collected. */
export function unreadableJobsGauge(metrics: Metrics, table: Pick<ReadModel, 'countUnreadableJobs'>): void {
  const count = cachedFor(CACHE_MS, () => table.countUnreadableJobs());
  metrics.gauge({
    name: 'jobstream_unreadable_jobs',
    help: 'Jobs with events that only a newer release can read.',
    collect: async (gauge) => {
      const jobs = await count().catch(() => undefined);
      if (jobs !== undefined) gauge.set(jobs);
    },
  });
}

function byEvent(entries: readonly LogEntry[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'event') continue;
    counted.set(entry.event.event, (counted.get(entry.event.event) ?? 0) + 1);
  }
  return counted;
}

function stateGauges(metrics: Metrics, place: Place, log: MeasuredLog): void {
  metrics.gauge({
    name: 'jobstream_projector_active',
    help: '1 in the process that projects, 0 in one that stands by or is interrupted.',
    collect: (gauge) => gauge.set(place.active ? 1 : 0),
  });
  lagGauges(metrics, {
    log,
    position: () => place.sequence,
    events: { name: 'jobstream_projector_lag_events', help: 'Messages of the log that are not in the table yet.' },
    seconds: {
      name: 'jobstream_projector_lag_seconds',
      help: 'Age of the oldest message that is not in the table yet.',
    },
  });
}

function counts(metrics: Metrics) {
  return {
    events: metrics.counter({
      name: 'jobstream_projected_events_total',
      help: 'Events that were written to the table, by their name.',
      labels: ['event'],
    }),
    quarantined: metrics.counter({
      name: 'jobstream_quarantined_messages_total',
      help: 'Messages that are not events and were quarantined.',
    }),
    interruptions: metrics.counter({
      name: 'jobstream_projection_interruptions_total',
      help: 'Times that projecting had to pause because the log or Postgres was unavailable or the lock was lost.',
    }),
    duration: metrics.histogram({
      name: 'jobstream_projection_duration_seconds',
      help: 'Time from a batch of messages to its commit in the table; in a backlog also behind the batch before.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    }),
  };
}
