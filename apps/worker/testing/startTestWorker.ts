import { Writable } from 'node:stream';
import { EventLog } from '@jobstream/eventlog';
import { pino } from 'pino';
import { systemClock } from '../src/clock.ts';
import type { Handler } from '../src/handler/defineHandler.ts';
import { handlerRegistry } from '../src/handler/defineHandler.ts';
import { Worker } from '../src/worker.ts';
import type { WorkerOptions } from '../src/worker.ts';
import type { Delivery } from '@jobstream/eventlog';

export interface TestWorkerOptions extends Partial<Omit<WorkerOptions, 'eventLog'>> {
  readonly natsUrl: string;
  /** The worker's log, to be started and stopped with it, when it is not an ordinary one. */
  readonly eventLog?: EventLog;
}

/** A worker in the process of the test, with a connection of its own. */
export interface TestWorker extends AsyncDisposable {
  /** The messages of its log so far. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Starts a worker with these handlers; it does not wait for them when it stops, and no pause makes the server deliver again. */
export async function startTestWorker(
  handlers: readonly Handler[],
  { natsUrl, eventLog = new EventLog({ url: natsUrl, name: 'worker' }), ...options }: TestWorkerOptions,
): Promise<TestWorker> {
  const lines: string[] = [];
  await eventLog.start();
  const worker = new Worker({
    eventLog,
    handlers: handlerRegistry(handlers),
    clock: systemClock(),
    logger: pino({ level: 'debug' }, lineSink(lines)),
    concurrency: 10,
    ackWaitMs: 60_000,
    shutdownGraceMs: 0,
    ...options,
  });
  await worker.start();
  const stop = async () => {
    await worker.stop();
    await eventLog.stop();
  };
  return { lines, stop, [Symbol.asyncDispose]: stop };
}

function lineSink(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String((JSON.parse(chunk.toString()) as { msg: unknown }).msg));
      done();
    },
  });
}

/** A delivery that answers like another one, but for what is changed. */
export function altered(delivery: Delivery, changes: Partial<Delivery>): Delivery {
  return {
    ...delivery,
    acquireSlot: () => delivery.acquireSlot(),
    releaseSlot: () => delivery.releaseSlot(),
    ack: () => delivery.ack(),
    nak: (delayMs) => delivery.nak(delayMs),
    keepAlive: () => delivery.keepAlive(),
    ...changes,
  };
}
