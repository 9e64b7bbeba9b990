import path from 'node:path';
import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog, type EventLogOptions, ProcessHeartbeat } from '@jobstream/eventlog';
import { ApiKeys, AuditLog, Operations, ReadModel, RebuildRequests, Verifications } from '@jobstream/readmodel';
import {
  authSettings,
  type Config,
  eventLogMetrics,
  eventLogSettings,
  type Instruments,
  logsRetention,
  type Logger,
  runProcess,
  type Service,
} from '@jobstream/runtime';
import { AnnouncedTypes } from './announcements/announcedTypes.ts';
import { AuditTrail } from './audit/auditTrail.ts';
import { ApiKeyCache } from './auth/apiKeyCache.ts';
import { createApp } from './createApp.ts';
import { LiveTail } from './feeds/liveTail.ts';
import { LongRequests } from './feeds/longRequests.ts';
import { type RequestLimits, requestLimits } from './http/requestLimits.ts';
import { expressMessages } from './http/expressMessages.ts';
import { HttpServer } from './http/httpServer.ts';
import { apiReadiness } from './service/apiReadiness.ts';
import { OperationRunner } from './jobs/operations/operationRunner.ts';
import { ServedVersions } from './jobs/read/servedVersions.ts';
import { PayloadChecks } from './payloads/payloadChecks.ts';
import { TablePosition } from './http/tablePosition.ts';
import { WaitingTypes } from './payloads/waitingTypes.ts';
import { storageMetrics } from './telemetry/storageMetrics.ts';
import { backlogMetrics } from './telemetry/backlogMetrics.ts';

await runProcess('api', servicesOf, { gathersLines: true });

function servicesOf(config: Config, logger: Logger, { metrics, tracing }: Instruments): readonly Service[] {
  const limits = requestLimits(config.REQUEST_TIMEOUT_MS);
  const log = new EventLog({
    ...logOptions(config, limits),
    logger,
    observer: eventLogMetrics(metrics),
    traceparent: tracing.current,
  });
  const heartbeat = new ProcessHeartbeat({ log, role: 'api', logger });
  const announced = new AnnouncedTypes({ log, logger });
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api', queryMs: limits.queryMs });
  storageMetrics(metrics, log);
  metrics.gauge(clockOffsetGauge(log.clock));
  backlogMetrics(metrics, { log, announced, table });
  const state = stateOf({ config, limits, logger });
  const auth = authSettings(config);
  const keyCache = new ApiKeyCache({ keys: state.keys, open: auth.open, maxWaitMs: limits.keysMs, logger });
  const readiness = apiReadiness(log, table);
  const tail = new LiveTail({ log, logger });
  const longRequests = new LongRequests({ callerShare: config.CALLER_SHARE });
  const servedVersions = new ServedVersions();
  const payloads = payloadChecks(config, announced, table);
  const tablePosition = new TablePosition({ table, log, limits });
  const views = { announced, payloads, tail, longRequests, servedVersions, table, tablePosition, ...pageOf(config) };
  const deps = { log, ...views, ...state, keyCache, auth, readiness, limits, metrics, tracing, logger };
  const app = createApp(deps);
  const server = new HttpServer({
    listener: app,
    messages: expressMessages(app),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    onClosing: () => longRequests.endAll(),
    logger,
  });
  const stores = [...Object.values(state), keyCache];
  return [log, heartbeat, announced, table, ...stores, new OperationRunner({ deps }), tail, server];
}

function logOptions(config: Config, limits: RequestLimits): EventLogOptions {
  return {
    ...eventLogSettings(config),
    deadlineMs: limits.logMs,
    archive: openArchive(config)?.archive,
    logsRetention: logsRetention(config),
    name: 'api',
    managesConsumers: { ackWaitMs: config.ACK_WAIT_MS },
  };
}

interface StateOptions {
  readonly config: Config;
  readonly limits: RequestLimits;
  readonly logger: Logger;
}

/** What the API has in Postgres besides the read model. */
function stateOf({ config, limits: { queryMs, auditMs: requiredMs }, logger }: StateOptions) {
  const pool = (name: string) => ({ databaseUrl: config.DATABASE_URL, queryMs, name });
  const auditLog = new AuditLog(pool('api-audit'));
  return {
    keys: new ApiKeys(pool('api-keys')),
    rebuilds: new RebuildRequests(pool('api-rebuilds')),
    verifications: new Verifications(pool('api-verifications')),
    operations: new Operations(pool('api-operations')),
    auditLog,
    auditTrail: new AuditTrail({ log: auditLog, retentionMs: config.AUDIT_RETENTION, requiredMs, logger }),
  };
}

function payloadChecks(config: Config, announced: AnnouncedTypes, table: ReadModel): PayloadChecks {
  const isAnnounced = (type: string) => announced.type(type) !== undefined;
  const waitingTypes = new WaitingTypes({ table, isAnnounced, most: config.MAX_WAITING_TYPES });
  return new PayloadChecks({ announced, strictTypes: config.STRICT_TYPES, waitingTypes });
}

/** Images and packages have the built page where `npm run build:dashboard` puts it. */
function pageOf(config: Config): { readonly dashboardDir: string | undefined } {
  const usual = path.resolve(import.meta.dirname, '../../dashboard/dist');
  return { dashboardDir: config.DASHBOARD ? (config.DASHBOARD_DIR ?? usual) : undefined };
}
