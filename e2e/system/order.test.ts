import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, type RunningSystem, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderProgram } from '../harness/orderProgram.ts';

const script = path.join(repositoryRoot, 'e2e', 'harness', 'orderWorkerMain.ts');
const ORDERS = 20;
/** The worker dies within so long after its order was created: an order takes about as long. */
const LONGEST_LIFE_MS = 900;

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem(await scratchDataFolder('order'), {});
});

afterAll(() => system.stop());

/** A number from 0 to 1 that follows from the seed. */
function drawn(seed: number): number {
  return ((seed * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
}

interface Line {
  readonly line: string;
  readonly key: string;
}

test('an order of the tutorial survives the death of its worker at any of twenty moments', async () => {
  await using program = await orderProgram();
  const book = path.join(await scratchDataFolder('order'), 'book');
  const client = new JobstreamClient({ url: system.api, retryForMs: 120_000, jobWarnings: false });
  const startWorker = async () => {
    const env = { NATS_URL: system.nats, SLOT_WAIT_MS: '50', ACK_WAIT_MS: '1000' };
    const started = TestProcess.node(script, { args: [program.file, book], env, ipc: false });
    await started.logged('ready');
    return started;
  };
  let worker = await startWorker();
  const orders: { readonly id: string; readonly name: string }[] = [];
  for (let seed = 1; seed <= ORDERS; seed++) {
    const name = `O-${seed}`;
    const { id } = await client.jobs.create({ type: 'order', payload: { id: name, cents: seed }, maxAttempts: 30 });
    orders.push({ id, name });
    const signal = () => client.jobs.signal(id, 'approved', { by: 'ada' });
    if (seed % 2 === 0) await signal();
    await pause(drawn(seed) * LONGEST_LIFE_MS);
    worker.kill('SIGKILL');
    if (seed % 2 === 1) await signal();
    worker = await startWorker();
  }
  for (const { id } of orders)
    await eventually(async () =>
      expect(await client.jobs.get(id)).toMatchObject({ status: 'completed', result: 'approved' }),
    );
  const lines = (await readFile(book, 'utf8'))
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
  for (const { id, name } of orders) {
    const steps = await client.jobs.steps(id);
    const written = lines.filter(({ line }) => line.startsWith(`${name} `));
    const expected = [`${name} was charged ${name.slice(2)} cents`, `${name} was approved by ada`];
    expect([...new Set(written.map(({ line }) => line))]).toEqual(expected);
    for (const [index, step] of ['charge', 'report'].entries()) {
      const ofStep = written.filter(({ line }) => line === expected[index]);
      expect(new Set(ofStep.map(({ key }) => key)).size).toBe(1);
      const { attempt = 0 } = steps.find((one) => one.name === step) ?? {};
      // Twice only where the attempt that had done it could not record it any more: a later one has.
      expect([name, step, ofStep.length <= attempt]).toEqual([name, step, true]);
    }
  }
  const attempts = await Promise.all(orders.map(async ({ id }) => (await client.jobs.get(id)).attempt));
  expect(Math.max(...attempts)).toBeGreaterThan(1);
  await worker[Symbol.asyncDispose]();
});
