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
import { expect, test } from 'vitest';
import { installPythonPackage, PYTHON } from '../harness/pythonPackage.ts';
import { NotInstalledError } from '../harness/runInstaller.ts';

interface Printed {
  readonly kept: readonly string[];
  readonly rolledBack: readonly string[];
  readonly refused: string;
}

/** Runs the application, whose libraries the environment of the Python package has. */
async function runShop(url: string): Promise<Printed> {
  const env = { ...process.env, DATABASE_URL: url };
  const args = [path.join(import.meta.dirname, 'shop.py')];
  await using shop = new TestProcess(PYTHON, { env, args, ipc: false });
  expect({ code: await shop.ended, stderr: shop.stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(shop.stdout) as Printed;
}

test('jobs that a Python application enqueues with psycopg run, and no worker sees what it rolls back', async (context) => {
  const missing = await installPythonPackage().catch((error: Error) => error);
  if (missing instanceof NotInstalledError && process.env['CI'] === undefined) return context.skip(missing.message);
  if (missing !== undefined) throw missing;
  const dataDir = await scratchDataFolder('foreign');
  const url = await createDatabase();
  await installOutbox(url);
  await queryDatabase(url, 'CREATE TABLE public.orders (number integer, job_id uuid)');
  {
    await using system = await startSystem(dataDir, { DATABASE_URL: await createDatabase(), OUTBOX_URLS: url });
    const { kept, rolledBack, refused } = await runShop(url);
    expect(refused).toBe('jobstream: maxAttempts must be an integer from 1 to 1000');
    expect([kept.length, rolledBack.length]).toEqual([20, 10]);
    await eventually(async () => expect((await outboxStatus(url)).waiting).toBe(0));
    const jobs = async () => {
      const answer = await fetch(`${system.api}/api/jobs?type=sleep&limit=100`);
      const { items } = (await answer.json()) as { items: readonly { id: string; status: string }[] };
      return items.map(({ id, status }) => `${id} ${status}`).toSorted();
    };
    await eventually(async () => expect(await jobs()).toEqual(kept.map((id) => `${id} completed`).toSorted()));
    const orders = await queryDatabase<{ id: string }>(url, 'SELECT job_id AS id FROM public.orders');
    expect(orders.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
  }
  await rm(dataDir, { recursive: true, force: true });
});
