import { EventLog, type EventLogOptions, ProcessHeartbeat } from '@jobstream/eventlog';
import { ApiKeys, AuditLog, Operations, ReadModel, RebuildRequests, Verifications } from '@jobstream/readmodel';
import {
  authSettings,
  type AuthSettings,
  createLogger,
  eventLogMetrics,
  type Logger,
  Metrics,
  readConfig,
  type Service,
  Tracing,
} from '@jobstream/runtime';
import type { Express } from 'express';
import { AnnouncedTypes } from '../src/announcements/announcedTypes.ts';
import { AuditTrail, type AuditTrailOptions } from '../src/audit/auditTrail.ts';
import { ApiKeyCache, type ApiKeyCacheOptions } from '../src/auth/apiKeyCache.ts';
import { createApp } from '../src/createApp.ts';
import { LiveTail, type LiveTailOptions } from '../src/feeds/liveTail.ts';
import { LongRequests, type LongRequestsOptions } from '../src/feeds/longRequests.ts';
import { type RequestLimits, requestLimits } from '../src/http/requestLimits.ts';
import { expressMessages } from '../src/http/expressMessages.ts';
import { HttpServer, type HttpServerOptions } from '../src/http/httpServer.ts';
import { apiReadiness } from '../src/service/apiReadiness.ts';
import { OperationRunner } from '../src/jobs/operations/operationRunner.ts';
import { ServedVersions } from '../src/jobs/read/servedVersions.ts';
import { PayloadChecks } from '../src/payloads/payloadChecks.ts';
import { TablePosition } from '../src/http/tablePosition.ts';
import { WaitingTypes } from '../src/payloads/waitingTypes.ts';
import { backlogMetrics } from '../src/telemetry/backlogMetrics.ts';

export interface StartApiOptions {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  /** Within how many milliseconds a request is answered; default a minute, since a busy machine is slow. */
  readonly answerMs?: number;
  /** For tests of what has reached its limit. */
  readonly limits?: Partial<RequestLimits>;
  readonly logger?: Logger;
  readonly log?: Partial<EventLogOptions>;
  readonly server?: Partial<HttpServerOptions>;
  readonly tail?: Partial<LiveTailOptions>;
  readonly longRequests?: Partial<LongRequestsOptions>;
  readonly strictTypes?: boolean;
  readonly maxWaitingTypes?: number;
  /** Default: open. */
  readonly auth?: Partial<AuthSettings>;
  readonly operations?: Partial<Operations['limits']>;
  readonly audit?: Partial<AuditTrailOptions>;
  /** Default: one that is not built. */
  readonly dashboardDir?: string;
  readonly ring?: Partial<ApiKeyCacheOptions>;
}

/** An API on a free port of the loopback interface, built as in main.ts. */
export interface TestApi extends AsyncDisposable {
  readonly url: string;
  readonly log: EventLog;
  readonly app: Express;
  readonly keys: ApiKeys;
  readonly server: HttpServer;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a body as JSON; a string is sent as is. */
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

export async function startApi(options: StartApiOptions): Promise<TestApi> {
  const logger = options.logger ?? createLogger({ service: 'api', level: 'silent' });
  const metrics = new Metrics();
  const tracing = new Tracing({ endpoint: undefined, service: 'api', logger });
  const limits = { ...requestLimits(options.answerMs ?? 60_000), ...options.limits };
  const log = openLog(options, limits, { observer: eventLogMetrics(metrics), traceparent: tracing.current });
  const announced = new AnnouncedTypes({ log, logger });
  const { table, keys, ...state } = openTables(options, limits, logger);
  const payloads = payloadChecks(options, announced, table);
  backlogMetrics(metrics, { log, announced, table });
  const auth = { ...authSettings(readConfig({})), ...options.auth };
  const keyCache = new ApiKeyCache({ keys, open: auth.open, logger, maxWaitMs: limits.keysMs, ...options.ring });
  const readiness = apiReadiness(log, table);
  const tail = new LiveTail({ log, logger, ...options.tail });
  const longRequests = new LongRequests({ callerShare: 75, ...options.longRequests });
  const tablePosition = new TablePosition({ table, log, limits });
  const views = { servedVersions: new ServedVersions(), table, tablePosition, announced };
  const parts = { ...views, log, payloads, tail, longRequests, ...state, keys, keyCache };
  const { dashboardDir = import.meta.dirname } = options;
  const deps = { ...parts, auth, dashboardDir, readiness, limits, metrics, tracing, logger };
  const app = createApp(deps);
  const server = new HttpServer({
    listener: app,
    messages: expressMessages(app),
    host: '127.0.0.1',
    port: 0,
    graceMs: 10_000,
    noticeMs: 0,
    onStopping: () => readiness.announceStop(),
    onClosing: () => longRequests.endAll(),
    logger,
    ...options.server,
  });
  const stores = [...Object.values(state), keys, keyCache];
  const runner = new OperationRunner({ deps, pollMs: 50 });
  const beside = [new ProcessHeartbeat({ log, role: 'api', logger })];
  const services = [log, announced, table, ...beside, ...stores, runner, tail, server];
  for (const service of services) await service.start();
  return testApi({ app, log, keys, server, stop: () => stopAll(services) });
}

function openLog(
  { natsUrl, log }: StartApiOptions,
  { logMs }: RequestLimits,
  telemetry: Pick<EventLogOptions, 'observer' | 'traceparent'>,
): EventLog {
  return new EventLog({ url: natsUrl, name: 'api', managesConsumers: {}, deadlineMs: logMs, ...telemetry, ...log });
}

function payloadChecks(
  { strictTypes = false, maxWaitingTypes = 10_000 }: StartApiOptions,
  announced: AnnouncedTypes,
  table: ReadModel,
): PayloadChecks {
  const isAnnounced = (type: string) => announced.type(type) !== undefined;
  const waitingTypes = new WaitingTypes({ table, isAnnounced, most: maxWaitingTypes });
  return new PayloadChecks({ announced, strictTypes, waitingTypes });
}

async function stopAll(services: readonly Service[]): Promise<void> {
  for (const service of services.toReversed()) await service.stop();
}

function openTables(
  { databaseUrl, operations = {}, audit }: StartApiOptions,
  { queryMs, auditMs }: RequestLimits,
  logger: Logger,
) {
  const pool = (name: string) => ({ databaseUrl, queryMs, name });
  const auditLog = new AuditLog(pool('api-audit'));
  return {
    table: new ReadModel(pool('api')),
    keys: new ApiKeys(pool('api-keys')),
    rebuilds: new RebuildRequests(pool('api-rebuilds')),
    verifications: new Verifications(pool('api-verifications')),
    operations: new Operations({ ...pool('api-operations'), limits: operations }),
    auditLog,
    auditTrail: new AuditTrail({ log: auditLog, retentionMs: 0, requiredMs: auditMs, logger, ...audit }),
  };
}

function testApi({
  app,
  log,
  keys,
  server,
  stop,
}: Omit<TestApi, 'url' | 'fetch' | 'post' | typeof Symbol.asyncDispose>): TestApi {
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    app,
    log,
    keys,
    server,
    stop,
    fetch: (path, init) => fetch(url + path, init),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: stop,
  };
}
