import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const contract = defineJob('contract', {
  payload: z.object({ of: z.string() }),
  signals: { approved: z.object({ by: z.string() }), note: z.string() },
});

test('a signal that is sent from the page of a job that waits for it lets the job go on', async (context) => {
  const worker = createWorker({ natsUrl: stage.nats });
  worker.handle(contract, async (_payload, { waitFor }) => {
    const { by } = await waitFor('approval', 'approved');
    return by;
  });
  context.onTestFinished(() => worker.stop());
  await worker.start();
  const { id } = await stage.client.enqueue(contract, { of: 'ada' });
  await expect.poll(async () => (await stage.client.jobs.get(id)).waitingFor).toMatchObject({ names: ['approved'] });
  await stage.client.jobs.signal(id, 'note', 'by mail');
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
  await page.getByText(/^Attempt 1 of \d+ waits for the signal approved, begun /).waitFor();
  await page.locator('.facts').getByText('Unread signals').waitFor();
  const [attempt] = await page.locator('.timeline .label').allTextContents();
  expect(attempt).toMatch(/waiting for the signal approved for [^,]*, on /);
  expect(await page.locator('.timeline rect.sleep').count()).toBe(1);

  await page.getByRole('button', { name: 'Send signal' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Signal').getByRole('option').allTextContents()).toEqual(['approved']);
  await dialog.getByLabel('Payload, as JSON').fill('{ "by": "grace" }');
  expect(await accessibilityFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Send signal' }).click();
  await page.locator('h1 .status.completed').waitFor();
  expect(await stage.client.jobs.get(id)).toMatchObject({ result: 'grace' });
  await page.getByRole('row', { name: /^approval.*signal approved/ }).waitFor();
});

test('a key that may only read is shown no button for signals', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read'] });
  const { id } = await stage.client.jobs.create({ type: 'contract', payload: { of: 'ada' }, delayMs: 3_600_000 });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
  await page.getByRole('button', { name: 'Send signal' }).waitFor();
  await stage.logOut(page);
  await stage.logIn(page, `/jobs/${id}`, key);
  await page.getByText('Read-only').waitFor();
  expect(await page.getByRole('button', { name: 'Send signal' }).count()).toBe(0);
});
