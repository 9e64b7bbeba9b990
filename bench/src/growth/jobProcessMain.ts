/** A process that creates jobs, or runs them with a handler that does nothing, as it is told. */
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { defineHandler, handlerRegistry, systemClock, Worker } from '@jobstream/worker';
import { Schema } from 'effect';
import { createJobs } from './createJobs.ts';
import { typeName, type Order, type Report } from './order.ts';

const REPORT_MS = 20;
const { url, replicas } = JSON.parse(process.argv[2] ?? '{}') as { url: string; replicas: number };
const log = new EventLog({ url, name: 'growth', replicas, deadlineMs: 60_000 });
await log.start();
const say = (report: Report) => void process.send?.(report);
const nothing = () => undefined;
let [completed, told] = [0, 0];
let worker: Worker | undefined;
const observer = {
  redelivered: nothing,
  started: nothing,
  ran: nothing,
  lost: nothing,
  ended: (_type: string, end: string) => void (completed += end === 'completed' ? 1 : 0),
};

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit(0));
setInterval(tell, REPORT_MS);
say({ done: true });

async function obey(order: Order): Promise<void> {
  if (order.do === 'create') await createJobs(log, order);
  else if (order.do === 'work') await work(order.types, order.concurrency);
  else await worker?.stop();
  say({ done: true });
}

async function work(types: number, concurrency: number): Promise<void> {
  const handlers = Array.from({ length: types }, (_, index) => handlerOf(typeName(index)));
  worker = new Worker({
    eventLog: log,
    handlers: handlerRegistry(handlers),
    clock: systemClock(),
    logger: createLogger({ service: 'worker', level: 'error' }),
    observer,
    concurrency,
    ackWaitMs: 60_000,
    shutdownGraceMs: 30_000,
  });
  await worker.start();
}

function handlerOf(type: string) {
  const payload = Schema.Struct({ text: Schema.String });
  return defineHandler({ type, payload, run: () => Promise.resolve() });
}

function tell(): void {
  if (completed !== told) say({ completed });
  told = completed;
}
