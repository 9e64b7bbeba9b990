/** A process that creates jobs, or runs them with a handler that does nothing, as it is told. */
import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { newJob } from '@jobstream/test-support';
import { handlerRegistry, jobHandler, JobWorker, systemClock } from '@jobstream/worker/engine';
import * as Schema from 'effect/Schema';
import { type JobOrder, type Order, type Report, typeName } from './order.ts';

const PER_BATCH = 1_000;

const BYTES_PER_BATCH = 4_000_000;

const REPORT_MS = 20;
const { url, replicas } = JSON.parse(process.argv[2] ?? '{}') as { url: string; replicas: number };
const log = new EventLog({ url, name: 'growth', replicas, deadlineMs: 60_000 });
await log.start();
const say = (report: Report) => void process.send?.(report);
const nothing = () => undefined;
let [completed, told] = [0, 0];
let worker: JobWorker | undefined;
const observer = {
  redelivered: nothing,
  started: nothing,
  resumed: nothing,
  ran: nothing,
  stepEnded: nothing,
  lost: nothing,
  logLinesDropped: nothing,
  ended: (_type: string, end: string) => void (completed += end === 'completed' ? 1 : 0),
};

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit(0));
setInterval(tell, REPORT_MS);
say({ done: true });

async function obey(order: Order): Promise<void> {
  if (order.do === 'create') await createJobs(order);
  else if (order.do === 'work') await work(order.types, order.concurrency);
  else await worker?.stop();
  say({ done: true });
}

async function work(types: number, concurrency: number): Promise<void> {
  const handlers = Array.from({ length: types }, (_, index) => handlerOf(typeName(index)));
  worker = new JobWorker({
    eventLog: log,
    handlers: handlerRegistry(handlers),
    clock: systemClock(log.clock),
    logger: createLogger({ service: 'worker', level: 'error' }),
    observer,
    concurrency,
    ackWaitMs: 60_000,
    shutdownGraceMs: 30_000,
  });
  await worker.start();
}

function handlerOf(type: string) {
  const payload = Schema.toStandardSchemaV1(Schema.Struct({ text: Schema.String }));
  return jobHandler(defineJob(type, { payload }), () => Promise.resolve());
}

function tell(): void {
  if (completed !== told) say({ completed });
  told = completed;
}

async function createJobs({ jobs, types, payloadBytes }: JobOrder): Promise<void> {
  const perBatch = Math.max(1, Math.min(PER_BATCH, Math.floor(BYTES_PER_BATCH / payloadBytes)));
  const text = 'x'.repeat(Math.max(0, payloadBytes - '{"text":""}'.length));
  for (let made = 0; made < jobs; made += perBatch) {
    const count = Math.min(perBatch, jobs - made);
    await log.appendAll(Array.from({ length: count }, (_, n) => newJob({ text }, typeName((made + n) % types))));
  }
}
