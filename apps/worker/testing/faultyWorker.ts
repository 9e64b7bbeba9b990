import { EventLog } from '@jobstream/eventlog';
import { runProcess } from '@jobstream/runtime';
import { Schema } from 'effect';
import { systemClock } from '../src/clock.ts';
import { defineHandler, handlerRegistry } from '../src/handler/defineHandler.ts';
import { Worker } from '../src/worker.ts';

const poison = defineHandler({
  type: 'poison',
  payload: Schema.Unknown,
  run: () => process.kill(process.pid, 'SIGKILL'),
});

const stubborn = defineHandler({
  type: 'stubborn',
  payload: Schema.Unknown,
  run: () => new Promise((resolve) => setTimeout(resolve, 3_600_000)),
});

// A worker process as main.ts makes it, with handlers that misbehave.
await runProcess('worker', (config, logger) => {
  const eventLog = new EventLog({ url: config.NATS_URL, name: 'worker' });
  const worker = new Worker({
    eventLog,
    handlers: handlerRegistry([poison, stubborn]),
    clock: systemClock(),
    logger,
    concurrency: config.WORKER_CONCURRENCY,
    ackWaitMs: config.ACK_WAIT_MS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
  });
  return [eventLog, worker];
});
