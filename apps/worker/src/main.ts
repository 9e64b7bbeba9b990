import { openArchive } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import { JobWorker, systemClock } from '@jobstream/worker/engine';
import { attemptMetrics } from '@jobstream/worker/engine';
import { handlerRegistry } from '@jobstream/worker/engine';
import { emailHandler } from './handlers/email/emailHandler.ts';
import { createMailer } from './handlers/email/mailer.ts';
import { sleepHandler } from './handlers/sleepHandler.ts';
import { webhookHandler } from './handlers/webhook/webhookHandler.ts';
import { Scheduler } from './schedules/scheduler.ts';
import { checkLimits, selectHandlers } from './selectHandlers.ts';

await runProcess('worker', (config, logger, { metrics, tracing, started }) => {
  const observer = eventLogMetrics(metrics);
  const traceparent = tracing.current;
  const archive = openArchive(config)?.archive;
  const log = eventLogSettings(config);
  const eventLog = new EventLog({ ...log, archive, name: 'worker', logger, observer, traceparent });
  const mailer = createMailer(config.SMTP_URL, logger);
  const handlers = handlerRegistry([
    emailHandler({ mailer, from: config.SMTP_FROM }),
    webhookHandler({ secret: config.WEBHOOK_SECRET, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE }),
    sleepHandler(),
  ]);
  const worker = new JobWorker({
    name: 'jobstream',
    eventLog,
    handlers: selectHandlers(handlers, config.WORKER_TYPES),
    clock: systemClock(eventLog.clock),
    logger,
    observer: attemptMetrics(metrics),
    tracing,
    concurrency: config.WORKER_CONCURRENCY,
    limits: checkLimits(handlers, config.WORKER_LIMITS),
    ackWaitMs: config.ACK_WAIT_MS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
  });
  const scheduler = new Scheduler({
    eventLog,
    clock: systemClock(eventLog.clock),
    logger,
    ackWaitMs: config.ACK_WAIT_MS,
    keepMs: config.JOBS_MAX_AGE,
  });
  const readiness = new Readiness({ start: started, log: () => eventLog.checkWritable() });
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, eventLog, mailer, worker, scheduler];
});
