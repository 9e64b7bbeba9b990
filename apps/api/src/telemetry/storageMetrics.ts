import { bytesLeft, type EventLog, type ServerStorage } from '@jobstream/eventlog';
import { type MetricOptions, type Metrics } from '@jobstream/runtime';

type Log = Pick<EventLog, 'isConnected'> & { readonly storage: Pick<EventLog['storage'], 'servers'> };

/** Registers the metrics of what each NATS server stores and may store; absent where it is not known. */
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
}
