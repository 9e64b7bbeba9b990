import { bytesLeft, type EventLog, type ServerStorage } from '@jobstream/eventlog';
import { cachedFor, type MetricOptions, type Metrics } from '@jobstream/runtime';

type Log = Pick<EventLog, 'isConnected' | 'prefix'> & { readonly storage: Pick<EventLog['storage'], 'servers'> };

const CACHE_MS = 5_000;

/** Registers the metrics of what each NATS server stores and may store, and of the age of the log; absent where unknown. */
export function storageMetrics(metrics: Metrics, log: Log): void {
  const storageGauge = (options: MetricOptions<never>, valueOf: (storage: ServerStorage) => number | undefined) =>
    metrics.gauge({
      ...options,
      labels: ['server'],
      collect: async (gauge) => {
        for (const one of log.isConnected() ? await log.storage.servers() : []) {
          const value = valueOf(one);
          if (value !== undefined) gauge.set({ server: one.server }, value);
        }
      },
    });
  storageGauge(
    { name: 'jobstream_log_used_bytes', help: 'Bytes that a NATS server stores for all streams.' },
    ({ used }) => used,
  );
  storageGauge(
    { name: 'jobstream_log_limit_bytes', help: 'Bytes that a NATS server may store: its max_file_store.' },
    ({ limit }) => limit,
  );
  storageGauge(
    { name: 'jobstream_log_left_bytes', help: 'Bytes that a NATS server can still store, by its limit and its disk.' },
    bytesLeft,
  );
  storageGauge(
    { name: 'jobstream_log_disk_free_bytes', help: 'Bytes that are free on the disk of the NATS server.' },
    ({ free }) => free,
  );
  ageGauge(metrics, log);
}

/** A keeper that is away cannot tell that it is. */
function ageGauge(metrics: Metrics, log: Log): void {
  const read = cachedFor(CACHE_MS, () => log.prefix.oldestAgeMs().catch(() => undefined));
  metrics.gauge({
    name: 'jobstream_log_oldest_age_seconds',
    help: 'Age of the oldest message of the log; where JOBS_MAX_AGE is set, it stays a little above that.',
    collect: async (gauge) => {
      const ageMs = log.isConnected() ? await read() : undefined;
      if (ageMs !== undefined) gauge.set(ageMs / 1_000);
    },
  });
}
