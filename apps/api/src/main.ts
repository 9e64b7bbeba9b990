import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog, ProcessHeartbeat } from '@jobstream/eventlog';
import { ApiKeys, ReadModel, RebuildRequests } from '@jobstream/readmodel';
import { authSettings, eventLogMetrics, eventLogSettings, Readiness, runProcess } from '@jobstream/runtime';
import { TableTypes } from './announcements/tableTypes.ts';
import { AnnouncedTypes } from './announcements/announcedTypes.ts';
import { ApiKeyCache } from './auth/apiKeyCache.ts';
import { createApp } from './createApp.ts';
import { LiveTail } from './feeds/liveTail.ts';
import { LongRequests } from './feeds/longRequests.ts';
import { HttpServer } from './http/httpServer.ts';
import { ServedVersions } from './jobs/read/servedVersions.ts';
import { PayloadChecks } from './payloads/payloadChecks.ts';
import { storageMetrics } from './telemetry/storageMetrics.ts';
import { backlogMetrics } from './telemetry/backlogMetrics.ts';

await runProcess('api', (config, logger, { metrics, tracing }) => {
  const observer = eventLogMetrics(metrics);
  const log = new EventLog({
    ...eventLogSettings(config),
    archive: openArchive(config)?.archive,
    name: 'api',
    managesConsumers: { ackWaitMs: config.ACK_WAIT_MS },
    logger,
    observer,
    traceparent: tracing.current,
  });
  const heartbeat = new ProcessHeartbeat({ log, role: 'api', logger });
  const announced = new AnnouncedTypes({ log, logger });
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api' });
  storageMetrics(metrics, log);
  metrics.gauge(clockOffsetGauge(log.clock));
  const tableTypes = new TableTypes({ log, table });
  backlogMetrics(metrics, { log, announced, table });
  const keys = new ApiKeys({ databaseUrl: config.DATABASE_URL, name: 'api-keys' });
  const rebuilds = new RebuildRequests({ databaseUrl: config.DATABASE_URL, name: 'api-rebuilds' });
  const auth = authSettings(config);
  const keyCache = new ApiKeyCache({ keys, open: auth.open, logger });
  const readiness = readinessOf(log, table);
  const tail = new LiveTail({ log, logger });
  const longRequests = new LongRequests({ callerShare: config.CALLER_SHARE });
  const servedVersions = new ServedVersions();
  const payloads = new PayloadChecks({ announced, strictTypes: config.STRICT_TYPES });
  const parts = { log, announced, payloads, tail, longRequests, servedVersions, table, rebuilds, keys };
  const server = new HttpServer({
    listener: createApp({ ...parts, keyCache, auth, readiness, metrics, tracing, logger }),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    onClosing: () => longRequests.endAll(),
    logger,
  });
  return [log, heartbeat, announced, table, tableTypes, rebuilds, keys, keyCache, tail, server];
});

function readinessOf(log: EventLog, table: ReadModel): Readiness {
  return new Readiness(
    { log: () => log.checkWritable(), table: () => table.ping().then(() => true) },
    { unreadableEvents: () => table.noteOnUnreadableJobs() },
  );
}
