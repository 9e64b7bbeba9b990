import { openArchive } from '@jobstream/archive';
import { clockOffsetGauge, EventLog, type EventLogOptions } from '@jobstream/eventlog';
import {
  eventLogMetrics,
  eventLogSettings,
  HealthServer,
  logsRetention,
  Readiness,
  runProcess,
  STANDARD_OUTPUT,
} from '@jobstream/runtime';
import type { Config, ReadinessCheck } from '@jobstream/runtime';
import { attemptMetrics, handlerRegistry, JobWorker, logBeside, systemClock, VERSION } from '@jobstream/worker/engine';
import { emailHandler } from './handlers/email/emailHandler.ts';
import { createMailer } from './handlers/email/mailer.ts';
import { sleepHandler } from './handlers/sleepHandler.ts';
import { webhookHandler } from './handlers/webhook/webhookHandler.ts';
import { Scheduler } from './schedules/scheduler.ts';
import { checkLimits, selectHandlers } from './selectHandlers.ts';

await runProcess('worker', (config, logger, { metrics, tracing, started }) => {
  const ackWaitMs = config.ACK_WAIT_MS;
  const eventLog = openLog(config, { logger, observer: eventLogMetrics(metrics), traceparent: tracing.current });
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
    version: VERSION,
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
    attemptLogs: config.ATTEMPT_LOGS,
    watchdog: config.LOOP_WATCHDOG ? { log: logBeside(logger, STANDARD_OUTPUT) } : undefined,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
    slotWaitMs: config.SLOT_WAIT_MS,
  });
  const scheduler = new Scheduler({ eventLog, clock, logger, ackWaitMs, keepMs: config.JOBS_MAX_AGE });
  const readiness = readinessOf(started, eventLog, config.MAX_CLOCK_SKEW);
  const health = new HealthServer({ host: config.HOST, port: config.HEALTH_PORT, readiness, metrics, logger });
  return [health, eventLog, mailer, worker, scheduler];
});

function openLog(config: Config, telemetry: Pick<EventLogOptions, 'logger' | 'observer' | 'traceparent'>): EventLog {
  const archive = openArchive(config)?.archive;
  const settings = { ...eventLogSettings(config), logsRetention: logsRetention(config), archive };
  return new EventLog({ ...settings, ...telemetry, name: 'worker' });
}

function readinessOf(start: ReadinessCheck, eventLog: EventLog, maxSkewMs: number): Readiness {
  const clock = () => eventLog.clock.isWithin(maxSkewMs) || 'the clock of this machine is wrong';
  return new Readiness({ start, log: () => eventLog.checkWritable(), clock });
}
