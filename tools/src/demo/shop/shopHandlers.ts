import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { RetryAfterError, UnrecoverableError, type HandlerRegistrar, type JobContext } from '@jobstream/worker';

interface Order {
  readonly order: number;
  readonly customer: string;
}

/** A schema that takes everything: what is wrong with a payload shows when its handler uses it. */
function anything<Payload>() {
  const validate = (value: unknown) => ({ value: value as Payload });
  return {
    '~standard': { version: 1, vendor: 'shop', validate, types: undefined as unknown as Types<Payload> },
  } as const;
}

interface Types<Payload> {
  readonly input: Payload;
  readonly output: Payload;
}

const orderEmail = defineJob('order-email', { payload: anything<Order & { to: string }>() });
const orderWebhook = defineJob('order-webhook', { payload: anything<Order & { callbackUrl: string }>() });
const invoice = defineJob('invoice', { payload: anything<Order & { total: number }>() });
const thumbnail = defineJob('thumbnail', { payload: anything<{ file: string; megapixels: number }>() });
const newsletter = defineJob('newsletter', { payload: anything<{ campaign: string }>() });
const stockReport = defineJob('stock-report', { payload: anything<object>() });
const productImport = defineJob('product-import', { payload: anything<{ file: string; rows: number }>() });

/** Handles everything but imports. How a job ends follows from its payload and the number of its attempt alone. */
export function handleOrders(worker: HandlerRegistrar): void {
  worker.handle(orderEmail, sendEmail);
  worker.handle(orderWebhook, callWebhook);
  // The accounting system takes one invoice a second from each of the two workers.
  worker.handle(invoice, makeInvoice, { rate: { starts: 1, perMs: 1_000 } });
  worker.handle(thumbnail, makeThumbnail, { concurrency: 3 });
  worker.handle(newsletter, async (_payload, { signal }) => pause(200, undefined, { signal }));
  worker.handle(stockReport, async (_payload, { signal }) => pause(350, { products: 1_204, short: 7 }, { signal }));
}

export function handleImports(worker: HandlerRegistrar): void {
  worker.handle(productImport, importProducts, { concurrency: 1 });
}

async function sendEmail({ order, to }: Order & { to: string }, { attempt, signal }: JobContext) {
  await pause(60 + (order % 7) * 25, undefined, { signal });
  if (/@closed[.]|[.]invalid$/.test(to)) {
    throw new UnrecoverableError(`550 5.1.1 ${to}: no such mailbox`, { code: 'EENVELOPE' });
  }
  if (order % 13 === 4 && attempt === 1) throw failure('421 4.7.0 too many connections, try again', 'ECONNECTION');
  return { messageId: `<${order}.${attempt}@shop.example>` };
}

/** It reads `callbackUrl`, which release 2.4.0 calls otherwise for one customer. */
async function callWebhook({ order, callbackUrl }: Order & { callbackUrl: string }, { attempt, signal }: JobContext) {
  const { host } = new URL(callbackUrl);
  await pause(90 + (order % 5) * 60, undefined, { signal });
  if (order % 9 === 2 && attempt === 1) throw new RetryAfterError(`503 Service Unavailable from ${host}`, 900);
  return { status: 204, host };
}

async function makeInvoice({ order, total }: Order & { total: number }, { attempt, signal }: JobContext) {
  await pause(120 + (order % 4) * 50, undefined, { signal });
  if (order % 41 === 7)
    throw new UnrecoverableError(`order ${order}: the VAT number is not valid`, { code: 'VAT_INVALID' });
  if (order % 11 === 6 && attempt === 1) throw failure('connect ECONNREFUSED 10.0.0.7:5432', 'ECONNREFUSED');
  return { invoice: `R-${order}`, total };
}

async function makeThumbnail({ file, megapixels }: { file: string; megapixels: number }, { signal }: JobContext) {
  if (file.endsWith('.heic'))
    throw new UnrecoverableError('Input file has an unsupported format: heic', { code: 'EFORMAT' });
  await pause(megapixels * 12, undefined, { signal });
  return { bytes: megapixels * 1_024 };
}

async function importProducts({ rows }: { rows: number }, { progress, signal }: JobContext) {
  for (let done = 1; done <= 10; done += 1) {
    await pause(200, undefined, { signal });
    progress({ percent: done * 10, message: `${(rows / 10) * done} of ${rows} rows` });
    // As when the kernel ends a process that takes all memory: nothing is said, and nothing is released.
    if (rows > 1_000_000 && done === 4) process.kill(process.pid, 'SIGKILL');
  }
  return { rows };
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
