import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog, ProcessHeartbeat } from '@jobstream/eventlog';
import { AuditLog, ReadModel, RebuildRequests, Verifications } from '@jobstream/readmodel';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import type { Logger, ReadinessCheck } from '@jobstream/runtime';
import { createArchivers } from './archive/createArchivers.ts';
import { RecentEntries } from './follow/recentEntries.ts';
import { createKeepers } from './keeper/createKeepers.ts';
import { createPast } from './past/createPast.ts';
import { projectionMetrics, unreadableJobsGauge } from './projection/projectionMetrics.ts';
import { Projector } from './projection/projector.ts';
import { TableRetention } from './retention/tableRetention.ts';
import { RebuildRunner } from './rebuild/rebuildRunner.ts';
import { VerificationRunner } from './verify/verificationRunner.ts';

await runProcess('projector', (config, logger, { metrics, tracing, started }) => {
  const observer = eventLogMetrics(metrics);
  const opened = openArchive(config);
  const archive = opened?.archive;
  const eventLog = new EventLog({
    ...eventLogSettings(config),
    masterKeys: [],
    name: 'projector',
    logger,
    observer,
    archive,
  });
  const heartbeat = new ProcessHeartbeat({ log: eventLog, role: 'projector', logger });
  metrics.gauge(clockOffsetGauge(eventLog.clock));
  const databaseUrl = config.DATABASE_URL;
  const onFailure = endProcess(logger);
  // Kept for the past states alone.
  const recent = config.AS_OF_REACH === 0 ? undefined : new RecentEntries();
  const projector = new Projector({
    eventLog,
    searchPaths: config.SEARCH_PATHS ?? new Map(),
    databaseUrl,
    logger,
    observer: projectionMetrics(metrics, eventLog),
    tracing,
    recent,
    onFailure,
  });
  const requests = new RebuildRequests({ databaseUrl, name: 'projector' });
  const table = new ReadModel({ databaseUrl, name: 'projector-table', maxConnections: 1 });
  unreadableJobsGauge(metrics, table);
  const readiness = readinessOf(started, eventLog, table);
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  const tasks = createTasks({ requests, eventLog, databaseUrl, logger });
  const retention = new TableRetention({ databaseUrl, maxAgeMs: config.TABLE_MAX_AGE, clock: eventLog.clock, logger });
  const parts = { config, eventLog, opened, table, recent, metrics, logger, onFailure };
  const optional = [...createArchivers(parts), ...createKeepers(parts), ...createPast(parts)];
  // The table first: it says in one line that the database refuses this process.
  return [health, eventLog, heartbeat, table, projector, requests, ...tasks, retention, ...optional];
});

/** Returns what is called for an error that no retry can cure. */
function endProcess(logger: Logger): (error: unknown) => void {
  return (error) => {
    logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    process.kill(process.pid, 'SIGTERM'); // the orderly end, for which runProcess waits
  };
}

interface TaskParts {
  readonly requests: RebuildRequests;
  readonly eventLog: EventLog;
  readonly databaseUrl: string;
  readonly logger: Logger;
}

/** What other processes request: rebuilds, and comparisons of table and log. */
function createTasks(parts: TaskParts) {
  const { databaseUrl } = parts;
  const verifications = new Verifications({ databaseUrl, name: 'projector-verify', maxConnections: 1 });
  const auditLog = new AuditLog({ databaseUrl, name: 'projector-audit', maxConnections: 1 });
  const verifier = new VerificationRunner({ ...parts, verifications, auditLog });
  return [new RebuildRunner(parts), verifications, auditLog, verifier];
}

/** The table counts also for a process that stands by, which has no lock but could take over. */
function readinessOf(started: ReadinessCheck, eventLog: EventLog, table: ReadModel): Readiness {
  return new Readiness(
    { start: started, log: () => eventLog.isConnected(), table: () => table.ping().then(() => true) },
    { unreadableEvents: () => table.noteOnUnreadableJobs() },
  );
}
