import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;

async function finishedJob(): Promise<string> {
  const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 10 } });
  await client.jobs.waitForCompletion(id);
  return id;
}

test('an attempt that has logged nothing says so, to those who may see logs', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read', 'jobs:debug'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${await finishedJob()}`, key);
  const logs = page.getByRole('region', { name: 'Logs' });
  await logs.getByText('Its handler has logged nothing').waitFor();
  expect(await logs.getByLabel('Attempt').inputValue()).toBe('1');
});

test('the lines of a handler are followed while it runs, and narrowed by level and text', async (context) => {
  const order = defineJob('logged-order', { payload: z.object({ id: z.int() }) });
  const end = Promise.withResolvers<void>();
  const worker = createWorker({ natsUrl: stage.nats, shutdownGraceMs: 0 });
  worker.handle(order, async ({ id }, { log }) => {
    log.info({ order: id }, 'the order is packed');
    await end.promise;
    log.warn('the carrier is late');
  });
  await worker.start();
  onTestFinished(() => worker.stop());
  const { id } = await client.jobs.create({ type: 'logged-order', payload: { id: 4711 } });
  const { key } = await stage.createKey({ scopes: ['jobs:read', 'jobs:debug'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, key);
  const lines = page.getByRole('log');
  await lines.getByText('info  the order is packed {"order":4711}').waitFor();
  await page.getByText('Following the attempt…').waitFor();
  end.resolve();
  await lines.getByText('warn  the carrier is late').waitFor();
  await page.getByText('2 of 2 lines').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByLabel('Find in log lines').fill('4711');
  await page.getByText('1 of 2 lines').waitFor();
  expect(await lines.textContent()).toContain('the order is packed');
  await page.getByLabel('Find in log lines').fill('');
  await page.getByLabel('Lowest level').selectOption('warn');
  await page.getByText('1 of 2 lines').waitFor();
  expect(await lines.textContent()).not.toContain('the order is packed');
});

test('who may not see logs is told what that needs', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${await finishedJob()}`, key);
  const logs = page.getByRole('region', { name: 'Logs' });
  await logs.getByText('The logs of attempts need the scope jobs:debug.').waitFor();
  expect(await logs.getByRole('combobox').count()).toBe(0);
});
