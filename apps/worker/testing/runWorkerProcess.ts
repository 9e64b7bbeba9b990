import { EventLog } from '@jobstream/eventlog';
import { eventLogSettings, runProcess } from '@jobstream/runtime';
import { JobWorker, systemClock } from '@jobstream/worker/engine';
import { handlerRegistry } from '@jobstream/worker/engine';
import type { Handler } from '@jobstream/worker/engine';
import { selectHandlers } from '../src/selectHandlers.ts';

/** Runs a worker process as main.ts makes it, but with these handlers. */
export async function runWorkerProcess(handlers: readonly Handler[]): Promise<void> {
  await runProcess('worker', (config, logger, { tracing }) => {
    const traceparent = tracing.current;
    const eventLog = new EventLog({ ...eventLogSettings(config), name: 'worker', logger, traceparent });
    const worker = new JobWorker({
      eventLog,
      handlers: selectHandlers(handlerRegistry(handlers), config.WORKER_TYPES),
      clock: systemClock(eventLog.clock),
      logger,
      tracing,
      concurrency: config.WORKER_CONCURRENCY,
      ackWaitMs: config.ACK_WAIT_MS,
      shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
      slotWaitMs: config.SLOT_WAIT_MS,
    });
    return [eventLog, worker];
  });
}
