import { EventLog } from '@jobstream/eventlog';
import { ReadModel } from '@jobstream/readmodel';
import { runProcess } from '@jobstream/runtime';
import { createApp } from './createApp.ts';
import { HttpServer } from './httpServer.ts';
import { Readiness } from './readiness.ts';

await runProcess('api', (config, logger) => {
  const log = new EventLog({
    url: config.NATS_URL,
    name: 'api',
    credsFile: config.NATS_CREDS,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD,
    replicas: config.STREAM_REPLICAS,
    maxAgeMs: config.JOBS_MAX_AGE,
    groupCommit: config.GROUP_COMMIT,
    logger,
  });
  const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'api' });
  const readiness = new Readiness({
    log: () => log.isConnected(),
    table: () => table.ping().then(() => true),
  });
  const server = new HttpServer({
    listener: createApp({ log, table, readiness, logger }),
    host: config.HOST,
    port: config.PORT,
    graceMs: config.SHUTDOWN_GRACE_MS,
    onStopping: () => readiness.announceStop(),
    logger,
  });
  return [log, table, server];
});
