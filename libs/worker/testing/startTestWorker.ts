import { Writable } from 'node:stream';
import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import type { Delivery, EventLogOptions } from '@jobstream/eventlog';
import { startNats } from '@jobstream/test-support';
import type { StartNatsOptions } from '@jobstream/test-support';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../src/attempt/chain/clock.ts';
import { workerIdentity } from '../src/announcing/workerIdentity.ts';
import { handlerRegistry, jobHandler } from '../src/handler/jobHandler.ts';
import type { Handler, JobContext } from '../src/handler/jobHandler.ts';
import { AttemptRunner } from '../src/attemptRunner.ts';
import type { AttemptRunnerOptions } from '../src/attemptRunner.ts';
import { TestLog } from './testLog.ts';

type Run = (ctx: JobContext) => unknown;
let types = 0;

/** A handler that takes any payload, by default of a job type of its own, since the tests of a file share a server. */
export function handlerOf(run: Run, type = `type-${++types}`): Handler {
  return jobHandler(defineJob(type, { payload: z.unknown() }), (_payload, ctx) => run(ctx));
}

/** A server and a log on it that all tests of a file share, and workers on that server. */
export async function sharedServer(options: Partial<EventLogOptions> = {}, natsOptions: StartNatsOptions = {}) {
  const nats = await startNats(natsOptions);
  const log = await TestLog.open(nats.url, options);
  afterAll(async () => {
    await log[Symbol.asyncDispose]();
    await nats[Symbol.asyncDispose]();
  });
  const startWorker = (work: Run | Handler | readonly Handler[], workerOptions: Partial<TestWorkerOptions> = {}) => {
    const handlers = typeof work === 'function' ? [handlerOf(work)] : [work].flat();
    return startTestWorker(handlers, { natsUrl: nats.url, ...workerOptions });
  };
  return { nats, log, startWorker };
}

export interface TestWorkerOptions extends Partial<Omit<AttemptRunnerOptions, 'eventLog'>> {
  readonly natsUrl: string;
  /** The worker's log instead of an ordinary one; it is started and stopped with the worker. */
  readonly eventLog?: EventLog;
}

/** A worker in the process of the test, with a connection of its own. */
export interface TestWorker extends AsyncDisposable {
  /** The job type of its first handler. */
  readonly type: string;
  /** The messages of its log so far. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Starts a worker; by default it has no grace time, and no pause of the machine leads to a redelivery. */
async function startTestWorker(
  handlers: readonly Handler[],
  { natsUrl, eventLog = new EventLog({ url: natsUrl, name: 'worker' }), ...options }: TestWorkerOptions,
): Promise<TestWorker> {
  const lines: string[] = [];
  await eventLog.start();
  const worker = new AttemptRunner({
    eventLog,
    handlers: handlerRegistry(handlers),
    workerName: workerIdentity().worker,
    clock: systemClock(eventLog.clock),
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
  return { type: handlers[0]?.type ?? '', lines, stop, [Symbol.asyncDispose]: stop };
}

function lineSink(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String((JSON.parse(chunk.toString()) as { msg: unknown }).msg));
      done();
    },
  });
}

/** A copy of a delivery with some members replaced. */
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
