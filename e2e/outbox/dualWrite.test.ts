/** @module-tag exact */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { installOutbox, outboxStatus } from '@jobstream/outbox';
import {
  createDatabase,
  eventually,
  queryDatabase,
  scratchDataFolder,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

let dataDir: string;
let url: string;
let system: Awaited<ReturnType<typeof startSystem>>;

beforeAll(async () => {
  dataDir = await scratchDataFolder('dual-write');
  url = await createDatabase();
  await installOutbox(url);
  await queryDatabase(url, 'CREATE TABLE public.orders (number text)');
  system = await startSystem(dataDir, { DATABASE_URL: await createDatabase(), OUTBOX_URLS: url });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

/** Places an order by a process that dies after a step, 0 for none. */
async function place(way: string, order: string, diesAfter: number): Promise<void> {
  const env = { ...process.env, DATABASE_URL: url, API_URL: system.api };
  const script = path.join(import.meta.dirname, 'orderMain.ts');
  await using shop = TestProcess.node(script, { env, args: [way, order, String(diesAfter)], ipc: false });
  expect({ ended: await shop.ended, stderr: shop.stderr }).toEqual({
    ended: diesAfter === 0 ? 0 : 'SIGKILL',
    stderr: '',
  });
}

async function ordersWithJobs(): Promise<string[]> {
  const answer = await fetch(`${system.api}/api/jobs?type=sleep&limit=100`);
  const { items } = (await answer.json()) as { items: readonly { tags: readonly string[] }[] };
  return items.map(({ tags }) => String(tags[0]).slice('order-'.length));
}

/** Lets the application die after each of its steps, and compares its orders with the jobs. */
async function differences(way: string, steps: number): Promise<Record<string, string[]>> {
  for (let step = 1; step <= steps; step++) await place(way, `${way}, dies after step ${step}`, step);
  await eventually(async () => expect((await outboxStatus(url)).waiting).toBe(0)); // relayed in no particular order
  const last = `${way}, lives`;
  await place(way, last, 0);
  await eventually(async () => expect(await ordersWithJobs()).toContain(last)); // then the others are there as well
  const rows = await queryDatabase<{ number: string }>(url, 'SELECT number FROM public.orders');
  const orders = rows.map(({ number }) => number).filter((order) => order.startsWith(way));
  const jobs = (await ordersWithJobs()).filter((order) => order.startsWith(way));
  return {
    ordersWithoutJob: orders.filter((order) => !jobs.includes(order)),
    jobsWithoutOrder: jobs.filter((order) => !orders.includes(order)),
  };
}

test('an application that writes its order and then the job leaves an order without a job when it dies between', async () => {
  const ordersWithoutJob = ['two writes, dies after step 1'];
  expect(await differences('two writes', 2)).toEqual({ ordersWithoutJob, jobsWithoutOrder: [] });
});

test('one that does both in a transaction leaves neither without the other, wherever it dies', async () => {
  expect(await differences('one transaction', 3)).toEqual({ ordersWithoutJob: [], jobsWithoutOrder: [] });
});
