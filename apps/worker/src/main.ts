import { openArchive } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import { attemptMetrics } from './attemptMetrics.ts';
import { systemClock } from './clock.ts';
import { emailHandler } from './email/emailHandler.ts';
import { chooseMailer } from './email/chooseMailer.ts';
import { handlerRegistry } from './handler/handlerRegistry.ts';
import { knownLimits } from './handler/knownLimits.ts';
import { selectTypes } from './handler/selectTypes.ts';
import { Scheduler } from './schedules/scheduler.ts';
import { sleepHandler } from './sleep/sleepHandler.ts';
import { webhookHandler } from './webhook/webhookHandler.ts';
import { Worker } from './worker.ts';

await runProcess('worker', (config, logger, { metrics, tracing, started }) => {
  const observer = eventLogMetrics(metrics);
  const traceparent = tracing.current;
  const archive = openArchive(config)?.archive;
  const log = eventLogSettings(config);
  const eventLog = new EventLog({ ...log, archive, name: 'worker', logger, observer, traceparent });
  const mailer = chooseMailer(config.SMTP_URL, logger);
  const handlers = handlerRegistry([
    emailHandler({ mailer, from: config.SMTP_FROM }),
    webhookHandler({ secret: config.WEBHOOK_SECRET, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE }),
    sleepHandler(),
  ]);
  const worker = new Worker({
    eventLog,
    handlers: selectTypes(handlers, config.WORKER_TYPES),
    clock: systemClock(),
    logger,
    observer: attemptMetrics(metrics),
    tracing,
    concurrency: config.WORKER_CONCURRENCY,
    limits: knownLimits(handlers, config.WORKER_LIMITS),
    ackWaitMs: config.ACK_WAIT_MS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
  });
  const scheduler = new Scheduler({
    eventLog,
    clock: systemClock(),
    logger,
    ackWaitMs: config.ACK_WAIT_MS,
    keepMs: config.JOBS_MAX_AGE,
  });
  const readiness = new Readiness({ start: started, log: () => eventLog.takesWrites() });
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, eventLog, mailer, worker, scheduler];
});
