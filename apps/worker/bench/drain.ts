/**
 * Cost of an attempt: `node apps/worker/bench/drain.ts [jobs] [concurrency]` with NATS_URL set. Has jobs of a type of its
 * own created by another process, since what has made them collects garbage otherwise than a worker does; then lets one
 * worker run them with a handler that does nothing, and prints the rate and the CPU time a job of this process.
 */
import { execFileSync } from 'node:child_process';
import { defaultBackoff, decide, isRejection, type JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { Schema } from 'effect';
import { systemClock } from '../src/clock.ts';
import { defineHandler, handlerRegistry } from '../src/handler/defineHandler.ts';
import { Worker } from '../src/worker.ts';

const jobs = Number(process.argv[2] ?? 20_000);
const concurrency = Number(process.argv[3] ?? 100);
const typeToCreate = process.argv[4];
const jobType = typeToCreate ?? `bench-${Date.now()}`;
const url = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
const logger = createLogger({ service: 'bench', level: 'silent' });

function creation(): JobEvent {
  const context = {
    eventId: crypto.randomUUID(),
    at: new Date().toISOString(),
    actor: { kind: 'api', id: 'bench' },
  } as const;
  const settings = { maxAttempts: 5, backoff: defaultBackoff, timeoutMs: 60_000, tags: [], payload: { n: 1 } };
  const decision = decide(
    { kind: 'CreateJob', ...context, jobId: crypto.randomUUID(), jobType, ...settings },
    undefined,
  );
  if (isRejection(decision)) throw new Error(decision.detail);
  return decision;
}

if (typeToCreate !== undefined) {
  const producer = new EventLog({ url, name: 'bench-producer', maxPending: jobs });
  await producer.start();
  await Promise.all(Array.from({ length: jobs }, () => producer.append(creation(), 0)));
  await producer.stop();
  process.exit();
}
execFileSync(process.execPath, [import.meta.filename, String(jobs), String(concurrency), jobType]);

const { promise: done, resolve: finish } = Promise.withResolvers<void>();
let runs = 0;
const noop = defineHandler({
  type: jobType,
  payload: Schema.Struct({ n: Schema.Finite }),
  run: () => {
    if (++runs === jobs) finish();
    return Promise.resolve();
  },
});
const eventLog = new EventLog({ url, name: 'bench-worker' });
await eventLog.start();
const worker = new Worker({
  eventLog,
  handlers: handlerRegistry([noop]),
  clock: systemClock(),
  logger,
  concurrency,
  ackWaitMs: 10_000,
  shutdownGraceMs: 1_000,
});
const [time, cpu] = [performance.now(), process.cpuUsage()];
await worker.start();
await done;
await worker.stop();
const seconds = (performance.now() - time) / 1_000;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${jobs} jobs, concurrency ${concurrency}: ${(jobs / seconds).toFixed(0)} jobs/s, ` +
    `${((user + system) / jobs).toFixed(0)} µs CPU each\n`,
);
await eventLog.stop();
