import { randomUUID } from 'node:crypto';
import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { createWorker } from '@jobstream/worker';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const stage = useDashboard();
const { client } = stage;
const type = `deployed-${randomUUID()}`;
const other = `other-${randomUUID()}`;
const [earlier, later] = ['2.3.0', '2.4.0'].map((version) => `${version}-${randomUUID()}`) as [string, string];

/** An hour and a half ago a first version began, which is gone; now a second one, whose jobs fail. */
stage.prepare(async () => {
  await announceEarlierWorker();
  const [first, second] = [shopWorker(), shopWorker()];
  await first.start();
  await second.start();
  const jobs = await client.jobs.createBatch([type, other].map((one) => ({ type: one, maxAttempts: 1 })));
  for (const { id } of jobs) await client.jobs.waitForCompletion(id);
  await untilListed(client, { type: [type, other], status: 'failed' }, ({ length }) => length === jobs.length);
  await Promise.all([first.stop(), second.stop()]);
});

async function announceEarlierWorker(): Promise<void> {
  const log = new EventLog({ url: stage.nats, name: 'worker' });
  await log.start();
  const startedAt = new Date(Date.now() - 5_400_000).toISOString();
  const worker = { worker: `worker-${randomUUID()}`, version: earlier, host: 'build-7', startedAt };
  await log.announcements.announceType({ ...worker, type, limits: { concurrency: 1 } });
  await log.stop();
}

function shopWorker() {
  const worker = createWorker({ natsUrl: stage.nats, version: later });
  for (const one of [type, other]) {
    worker.handle(defineJob(one, { payload: z.unknown() }), () => {
      throw new Error('no such field');
    });
  }
  return worker;
}

/** The versions of this file that charts mark. */
async function marksIn(page: Page, place: string): Promise<string[]> {
  const titles = await page.locator(`${place} .version-mark title`).allTextContents();
  const marked = titles.map((title) => /^Version (\S+) began, .*\d\d:\d\d:\d\d$/.exec(title)?.[1] ?? title);
  return marked.filter((version) => [earlier, later].includes(version));
}

test('a version that began within the hour is marked on the chart of the overview, and named below it', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '', stage.adminKey);
  const named = page.getByRole('list', { name: 'New versions of workers' }).getByRole('listitem');
  await named.filter({ hasText: new RegExp(`${later} began (now|.* ago)$`) }).waitFor();
  expect(await marksIn(page, '.chart')).toEqual([later]);
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('the chart of a group of failures marks the versions of the workers of its type, as far as its window goes', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/failures?window=24h&type=${type}`, stage.adminKey);
  const named = page.getByRole('list', { name: 'New versions of workers' });
  await named.first().waitFor();
  expect(await marksIn(page, '.failure-chart')).toEqual([earlier, later]);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.goto(`/dashboard/failures?window=24h&type=${other}`);
  await named.first().waitFor();
  expect(await marksIn(page, '.failure-chart')).toEqual([later]);
});

test('who may not see workers, which tenants have in common, sees charts without marks', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read'], tenant: `acme-${randomUUID()}` });
  const { page, faults } = await stage.openPage(context);
  await stage.logIn(page, '', key);
  await page.getByRole('heading', { name: 'Ended jobs a minute' }).waitFor();
  expect(await page.locator('.version-mark').count()).toBe(0);
  expect(faults.errors.filter((error) => error.includes('/api/workers'))).toEqual([]);
});
