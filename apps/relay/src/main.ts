import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog } from '@jobstream/eventlog';
import { Outbox } from '@jobstream/outbox';
import { ReadModel } from '@jobstream/readmodel';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import { claimRoom } from './claimRoom.ts';
import { LogBeginning } from './logBeginning.ts';
import { OutboxRelay } from './outboxRelay.ts';
import { relayMetrics } from './relayMetrics.ts';

await runProcess('relay', (config, logger, { metrics, tracing, started }) => {
  const archive = openArchive(config)?.archive;
  const log = new EventLog({
    ...eventLogSettings(config),
    archive,
    name: 'relay',
    logger,
    observer: eventLogMetrics(metrics),
    traceparent: tracing.current,
  });
  metrics.gauge(clockOffsetGauge(log.clock));
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'relay' });
  if (config.OUTBOX_URLS === undefined) throw new Error('OUTBOX_URLS is not set: there is nothing to relay');
  const common = {
    deps: { log, table, beginning: new LogBeginning({ log, hasArchive: archive !== undefined }) },
    room: claimRoom(config.OUTBOX_URLS.length),
    log,
    isWritable: () => log.isWritable(),
    metrics: relayMetrics(metrics),
    logger,
  };
  const relays = config.OUTBOX_URLS.map((url) => new OutboxRelay({ ...common, outbox: new Outbox({ url }) }));
  const readiness = new Readiness({ start: started, log: () => log.checkWritable() });
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, log, table, ...relays];
});
