import { defineJob, type JobDefinition } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { newJob } from '@jobstream/test-support';
import { handlerRegistry, jobHandler, JobWorker, systemClock } from '@jobstream/worker/engine';
import * as Option from 'effect/Option';
import * as Schema from 'effect/Schema';
import type { Subject } from './subject.ts';

const PER_BATCH = 1_000;
const CONCURRENCY = 100;

const decode = Schema.decodeUnknownOption(Schema.Struct({ n: Schema.Finite, dueAt: Schema.Finite }));
/** Decodes as the shipped handlers do. */
const payload: JobDefinition['payload'] = {
  '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value: Option.getOrThrow(decode(value)) }) },
};

/** Attempts of jobs whose handler does nothing, from the delivery to its acknowledgement. */
export async function attemptOurs(address: string): Promise<Subject> {
  const log = new EventLog({ url: address, name: 'gate', deadlineMs: 60_000 });
  await log.start();
  let round = 0;
  return {
    async prepare(count) {
      round += 1;
      for (let made = 0; made < count; made += PER_BATCH) {
        const create = (_: unknown, n: number) => newJob({ n, dueAt: 0 }, typeOf(round));
        await log.appendAll(Array.from({ length: Math.min(PER_BATCH, count - made) }, create));
      }
    },
    run: (count) => drain(log, typeOf(round), count),
  };
}

function typeOf(round: number): string {
  return `round-${round}`;
}

async function drain(eventLog: EventLog, type: string, count: number): Promise<void> {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const run = () => {
    runs += 1;
    if (runs === count) resolve();
    return Promise.resolve();
  };
  const worker = new JobWorker({
    eventLog,
    handlers: handlerRegistry([jobHandler(defineJob(type, { payload }), run)]),
    clock: systemClock(eventLog.clock),
    logger: createLogger({ service: 'worker', level: 'error' }),
    concurrency: CONCURRENCY,
    ackWaitMs: 60_000,
    shutdownGraceMs: 30_000,
  });
  await worker.start();
  await done;
  await worker.stop();
}
