import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, runProcess } from '@jobstream/runtime';
import { systemClock } from './clock.ts';
import { emailHandler } from './email/emailHandler.ts';
import { chooseMailer } from './email/chooseMailer.ts';
import { handlerRegistry } from './handler/handlerRegistry.ts';
import { sleepHandler } from './sleep/sleepHandler.ts';
import { webhookHandler } from './webhook/webhookHandler.ts';
import { Worker } from './worker.ts';

await runProcess('worker', (config, logger) => {
  const eventLog = new EventLog({ ...eventLogSettings(config), name: 'worker', logger });
  const mailer = chooseMailer(config.SMTP_URL, logger);
  const handlers = handlerRegistry(
    [
      emailHandler({ mailer, from: config.SMTP_FROM }),
      webhookHandler({ secret: config.WEBHOOK_SECRET, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE }),
      sleepHandler(),
    ],
    config.WORKER_TYPES,
  );
  const worker = new Worker({
    eventLog,
    handlers,
    clock: systemClock(),
    logger,
    concurrency: config.WORKER_CONCURRENCY,
    ackWaitMs: config.ACK_WAIT_MS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
  });
  return [eventLog, mailer, worker];
});
