import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog } from '@jobstream/eventlog';
import { Outbox } from '@jobstream/outbox';
import { ReadModel } from '@jobstream/readmodel';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import { OutboxRelay } from './outboxRelay.ts';
import { relayMetrics } from './relayMetrics.ts';

await runProcess('relay', (config, logger, { metrics, tracing, started }) => {
  const log = new EventLog({
    ...eventLogSettings(config),
    archive: openArchive(config)?.archive,
    name: 'relay',
    logger,
    observer: eventLogMetrics(metrics),
    traceparent: tracing.current,
  });
  metrics.gauge(clockOffsetGauge(log.clock));
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'relay' });
  const common = {
    deps: { log, table, keepMs: config.JOBS_MAX_AGE },
    isWritable: () => log.isWritable(),
    metrics: relayMetrics(metrics),
    logger,
  };
  if (config.OUTBOX_URLS === undefined) throw new Error('OUTBOX_URLS is not set: there is nothing to relay');
  const relays = config.OUTBOX_URLS.map((url) => new OutboxRelay({ ...common, outbox: new Outbox({ url }) }));
  const readiness = new Readiness({ start: started, log: () => log.checkWritable() });
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, log, table, ...relays];
});
