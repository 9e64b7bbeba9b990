import { openArchive } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { ApiKeys, ReadModel, RebuildRequests } from '@jobstream/readmodel';
import { authSettings, eventLogMetrics, eventLogSettings, Readiness, runProcess } from '@jobstream/runtime';
import { KeyRing } from './auth/keyRing.ts';
import { warnIfOpen } from './auth/warnIfOpen.ts';
import { backlogMetrics } from './operations/backlogMetrics.ts';
import { createApp } from './createApp.ts';
import { HeldRequests } from './feeds/heldRequests.ts';
import { LiveTail } from './feeds/liveTail.ts';
import { ServedVersions } from './jobs/servedVersions.ts';
import { HttpServer } from './http/httpServer.ts';

await runProcess('api', (config, logger, { metrics, tracing }) => {
  const observer = eventLogMetrics(metrics);
  const log = new EventLog({
    ...eventLogSettings(config),
    archive: openArchive(config)?.archive,
    name: 'api',
    logger,
    observer,
    traceparent: tracing.current,
  });
  backlogMetrics(metrics, log);
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api' });
  const keys = new ApiKeys({ databaseUrl: config.DATABASE_URL, name: 'api-keys' });
  const rebuilds = new RebuildRequests({ databaseUrl: config.DATABASE_URL, name: 'api-rebuilds' });
  const ring = new KeyRing({ keys, logger });
  const auth = authSettings(config);
  warnIfOpen(auth, logger);
  const readiness = new Readiness({
    log: () => log.isWritable(),
    table: () => table.ping().then(() => true),
  });
  const tail = new LiveTail({ log, logger });
  const held = new HeldRequests();
  const served = new ServedVersions();
  const parts = { log, tail, held, served, table, rebuilds, keys };
  const server = new HttpServer({
    listener: createApp({ ...parts, ring, auth, readiness, metrics, tracing, logger }),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    onClosing: () => held.endAll(),
    logger,
  });
  return [log, table, rebuilds, keys, ring, tail, server];
});
