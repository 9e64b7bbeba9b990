import { defineJob } from '@jobstream/client';
import { createWorker, UnrecoverableError } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const parcel = defineJob('parcel', { payload: z.object({ to: z.string() }), maxAttempts: 1 });

test('the page of a job shows its steps, with results and errors', async (context) => {
  const worker = createWorker({ natsUrl: stage.nats });
  worker.handle(parcel, async ({ to }, { step }) => {
    await step('charge', () => ({ id: 'ch_1' }));
    await step('send', { key: to }, () => {
      throw new UnrecoverableError('no such address');
    });
  });
  context.onTestFinished(() => worker.stop());
  await worker.start();
  const { id } = await stage.client.enqueue(parcel, { to: 'ada' });
  await expect.poll(async () => (await stage.client.jobs.get(id)).status).toBe('failed');
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
  const steps = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Steps', exact: true }) });
  await steps.waitFor();
  const rows = await steps.getByRole('row').allTextContents();
  expect(rows).toHaveLength(3);
  expect(rows[1]).toMatch(/^charge *1.*id.*ch_1/);
  expect(rows[2]).toMatch(/^send ada1.*UnrecoverableError: no such address$/);
});
