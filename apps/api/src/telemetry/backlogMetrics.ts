import type { Backlog, EventLog, TypeBacklog } from '@jobstream/eventlog';
import { boundedLabel, cachedFor, type Metrics } from '@jobstream/runtime';

/** Pausing creates consumers for any type, so clients decide how many there are. */
const MAX_TYPES = 100;
const CACHE_MS = 5_000;

type Combine = (left: number, right: number) => number;

type Log = Pick<EventLog, 'isConnected'> & { readonly stats: Pick<EventLog['stats'], 'backlog'> };

const add: Combine = (left, right) => left + right;

const gauges: readonly {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (type: TypeBacklog) => number;
  /** Combines the values of types that share a label. */
  readonly combine: Combine;
}[] = [
  {
    name: 'jobstream_backlog_jobs',
    help: 'Jobs that could run and wait for a worker.',
    valueOf: ({ backlog }) => backlog,
    combine: add,
  },
  {
    name: 'jobstream_in_flight_jobs',
    help: 'Jobs that workers hold.',
    valueOf: ({ inFlight }) => inFlight,
    combine: add,
  },
  {
    name: 'jobstream_backlog_oldest_age_seconds',
    help: 'How long the job that waits longest could have run.',
    valueOf: age,
    combine: Math.max,
  },
];

/**
 * Registers the metrics of the backlog.
 *
 * They are read from the log on scrapes, at most every five seconds; while the log is unavailable, they are left out.
 */
export function backlogMetrics(metrics: Metrics, log: Log): void {
  const ask = cachedFor(CACHE_MS, () => log.stats.backlog());
  const read = async () => (log.isConnected() ? ask().catch(() => undefined) : undefined);
  const typeOf = boundedLabel(MAX_TYPES);
  for (const { name, help, valueOf, combine } of gauges) {
    metrics.gauge({
      name,
      help,
      labels: ['type'],
      collect: async (gauge) => {
        const values = new Map<string, number>();
        for (const one of (await read())?.types ?? []) {
          const type = typeOf(one.jobType);
          values.set(type, combine(values.get(type) ?? 0, valueOf(one)));
        }
        for (const [type, value] of values) gauge.set({ type }, value);
      },
    });
  }
  timersGauge(metrics, read);
}

function timersGauge(metrics: Metrics, read: () => Promise<Backlog | undefined>): void {
  metrics.gauge({
    name: 'jobstream_pending_timers',
    help: 'Messages that wait for their time: delayed jobs, retries, and the triggers of schedules.',
    collect: async (gauge) => {
      const backlog = await read();
      if (backlog !== undefined) gauge.set(backlog.timers);
    },
  });
}

/** The clocks of two machines may differ a little. */
function age({ oldestAt }: TypeBacklog): number {
  return oldestAt === undefined ? 0 : Math.max(0, Date.now() - Date.parse(oldestAt)) / 1_000;
}
