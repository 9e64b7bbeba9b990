import { EventLog } from '@jobstream/eventlog';
import { ReadModel } from '@jobstream/readmodel';
import { eventLogSettings, Metrics, Readiness, runProcess } from '@jobstream/runtime';
import { createApp } from './createApp.ts';
import { HttpServer } from './httpServer.ts';

await runProcess('api', (config, logger) => {
  const metrics = new Metrics().watchProcess();
  const log = new EventLog({ ...eventLogSettings(config), name: 'api', logger });
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api' });
  const readiness = new Readiness({
    log: () => log.isConnected(),
    table: () => table.ping().then(() => true),
  });
  const server = new HttpServer({
    listener: createApp({ log, table, readiness, metrics, logger }),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    logger,
  });
  return [log, table, server];
});
