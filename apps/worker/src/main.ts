import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog } from '@jobstream/eventlog';
import { eventLogMetrics, eventLogSettings, HealthServer, Readiness, runProcess } from '@jobstream/runtime';
import type { ReadinessCheck } from '@jobstream/runtime';
import { attemptMetrics, handlerRegistry, JobWorker, systemClock } from '@jobstream/worker/engine';
import { emailHandler } from './handlers/email/emailHandler.ts';
import { createMailer } from './handlers/email/mailer.ts';
import { sleepHandler } from './handlers/sleepHandler.ts';
import { webhookHandler } from './handlers/webhook/webhookHandler.ts';
import { Scheduler } from './schedules/scheduler.ts';
import { checkLimits, selectHandlers } from './selectHandlers.ts';

await runProcess('worker', (config, logger, { metrics, tracing, started }) => {
  const ackWaitMs = config.ACK_WAIT_MS;
  const settings = { ...eventLogSettings(config), archive: openArchive(config)?.archive };
  const telemetry = { logger, observer: eventLogMetrics(metrics), traceparent: tracing.current };
  const eventLog = new EventLog({ ...settings, ...telemetry, name: 'worker' });
  const clock = systemClock(eventLog.clock);
  metrics.gauge(clockOffsetGauge(eventLog.clock));
  const mailer = createMailer(config.SMTP_URL, logger);
  const handlers = handlerRegistry([
    emailHandler({ mailer, from: config.SMTP_FROM }),
    webhookHandler({
      secret: config.WEBHOOK_SECRET,
      allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
      clock: eventLog.clock,
    }),
    sleepHandler(),
  ]);
  const worker = new JobWorker({
    name: 'jobstream',
    eventLog,
    handlers: selectHandlers(handlers, config.WORKER_TYPES),
    clock,
    logger,
    observer: attemptMetrics(metrics),
    tracing,
    concurrency: config.WORKER_CONCURRENCY,
    limits: checkLimits(handlers, config.WORKER_LIMITS),
    ackWaitMs,
    errorStacks: config.ERROR_STACKS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
  });
  const scheduler = new Scheduler({ eventLog, clock, logger, ackWaitMs, keepMs: config.JOBS_MAX_AGE });
  const readiness = readinessOf(started, eventLog, config.MAX_CLOCK_SKEW);
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, eventLog, mailer, worker, scheduler];
});

function readinessOf(start: ReadinessCheck, eventLog: EventLog, maxSkewMs: number): Readiness {
  const clock = () => eventLog.clock.isWithin(maxSkewMs) || 'the clock of this machine is wrong';
  return new Readiness({ start, log: () => eventLog.checkWritable(), clock });
}
