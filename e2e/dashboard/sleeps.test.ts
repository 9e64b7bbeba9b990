import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { useDashboard } from './dashboardStage.ts';
import { accessibilityFaults } from './browser.ts';

const stage = useDashboard();
const trial = defineJob('trial', { payload: z.object({ to: z.string() }) });

test('the page of a job that sleeps says in which sleep and until when, and shows it on the time axis', async (context) => {
  const worker = createWorker({ natsUrl: stage.nats });
  worker.handle(trial, async (_payload, { step, sleep }) => {
    await step('welcome', () => 'sent');
    await sleep('two weeks', '14d');
  });
  context.onTestFinished(() => worker.stop());
  await worker.start();
  const { id } = await stage.client.enqueue(trial, { to: 'ada' });
  await expect.poll(async () => (await stage.client.jobs.get(id)).waitingFor).toMatchObject({ name: 'two weeks' });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
  await page.getByText(/^Attempt 1 of \d+ sleeps \(two weeks\) and goes on .* \(in 13d 23h\)\.$/).waitFor();
  await page.locator('h1 .status.waiting').waitFor();
  const [attempt] = await page.locator('.timeline .label').allTextContents();
  expect(attempt).toMatch(/^Attempt 1 waited .*, ran .*, sleeping for .*, due in 13d 23h, on /);
  expect(await page.locator('.timeline rect.sleep').count()).toBe(1);
  expect(await page.getByRole('button', { name: 'Run now' }).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Cancel job' }).waitFor();
});

test('a list shows until when its jobs sleep, and the overview how many do', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/jobs?status=waiting&type=trial', stage.adminKey);
  await page.getByText(/^sleeps until /).waitFor();
  await page.goto('/dashboard');
  const waiting = page.getByRole('navigation', { name: 'Jobs by status' }).getByRole('link', { name: 'waiting' });
  await expect.poll(async () => (await waiting.textContent()) ?? '').toMatch(/^waiting[1-9]/);
});
