import path from 'node:path';
import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog, ProcessHeartbeat } from '@jobstream/eventlog';
import { ApiKeys, AuditLog, Operations, ReadModel, RebuildRequests, Verifications } from '@jobstream/readmodel';
import {
  authSettings,
  type Config,
  eventLogMetrics,
  eventLogSettings,
  logsRetention,
  type Logger,
  Readiness,
  runProcess,
} from '@jobstream/runtime';
import { TableTypes } from './announcements/tableTypes.ts';
import { AnnouncedTypes } from './announcements/announcedTypes.ts';
import { AuditTrail } from './audit/auditTrail.ts';
import { ApiKeyCache } from './auth/apiKeyCache.ts';
import { createApp } from './createApp.ts';
import { LiveTail } from './feeds/liveTail.ts';
import { LongRequests } from './feeds/longRequests.ts';
import { HttpServer } from './http/httpServer.ts';
import { OperationRunner } from './jobs/operations/operationRunner.ts';
import { ServedVersions } from './jobs/read/servedVersions.ts';
import { PayloadChecks } from './payloads/payloadChecks.ts';
import { storageMetrics } from './telemetry/storageMetrics.ts';
import { backlogMetrics } from './telemetry/backlogMetrics.ts';

await runProcess('api', (config, logger, { metrics, tracing }) => {
  const log = new EventLog({
    ...eventLogSettings(config),
    archive: openArchive(config)?.archive,
    logsRetention: logsRetention(config),
    name: 'api',
    managesConsumers: { ackWaitMs: config.ACK_WAIT_MS },
    logger,
    observer: eventLogMetrics(metrics),
    traceparent: tracing.current,
  });
  const heartbeat = new ProcessHeartbeat({ log, role: 'api', logger });
  const announced = new AnnouncedTypes({ log, logger });
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api' });
  storageMetrics(metrics, log);
  metrics.gauge(clockOffsetGauge(log.clock));
  const tableTypes = new TableTypes({ log, table });
  backlogMetrics(metrics, { log, announced, table });
  const state = stateOf(config, logger);
  const auth = authSettings(config);
  const keyCache = new ApiKeyCache({ keys: state.keys, open: auth.open, logger });
  const readiness = readinessOf(log, table);
  const tail = new LiveTail({ log, logger });
  const longRequests = new LongRequests({ callerShare: config.CALLER_SHARE });
  const servedVersions = new ServedVersions();
  const payloads = new PayloadChecks({ announced, strictTypes: config.STRICT_TYPES });
  const views = { announced, payloads, tail, longRequests, servedVersions, table, ...pageOf(config) };
  const deps = { log, ...views, ...state, keyCache, auth, readiness, metrics, tracing, logger };
  const server = new HttpServer({
    listener: createApp(deps),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    onClosing: () => longRequests.endAll(),
    logger,
  });
  const stores = [...Object.values(state), keyCache];
  return [log, heartbeat, announced, table, tableTypes, ...stores, new OperationRunner({ deps }), tail, server];
});

/** What the API has in Postgres besides the read model. */
function stateOf(config: Config, logger: Logger) {
  const databaseUrl = config.DATABASE_URL;
  const auditLog = new AuditLog({ databaseUrl, name: 'api-audit' });
  return {
    keys: new ApiKeys({ databaseUrl, name: 'api-keys' }),
    rebuilds: new RebuildRequests({ databaseUrl, name: 'api-rebuilds' }),
    verifications: new Verifications({ databaseUrl, name: 'api-verifications' }),
    operations: new Operations({ databaseUrl, name: 'api-operations' }),
    auditLog,
    auditTrail: new AuditTrail({ log: auditLog, retentionMs: config.AUDIT_RETENTION, logger }),
  };
}

function readinessOf(log: EventLog, table: ReadModel): Readiness {
  return new Readiness(
    { log: () => log.checkWritable(), table: () => table.ping().then(() => true) },
    { unreadableEvents: () => table.noteOnUnreadableJobs() },
  );
}

/** Images and packages have the built page where `npm run build:dashboard` puts it. */
function pageOf(config: Config): { readonly dashboardDir: string | undefined } {
  const usual = path.resolve(import.meta.dirname, '../../dashboard/dist');
  return { dashboardDir: config.DASHBOARD ? (config.DASHBOARD_DIR ?? usual) : undefined };
}
