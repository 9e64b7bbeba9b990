import { randomUUID } from 'node:crypto';
import { type CreatedJob, defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const stage = useDashboard();
const { client } = stage;
const type = `busy-${randomUUID()}`;
const jobs: CreatedJob[] = [];

/** Eleven jobs complete, the last one fails. */
stage.prepare(async () => {
  const definition = defineJob(type, { payload: z.object({ fails: z.boolean() }) });
  const worker = createWorker({ natsUrl: stage.nats, version: '2.4.0' }).handle(definition, ({ fails }) => {
    if (fails) throw new TypeError('no such field');
  });
  await worker.start();
  for (const fails of [...Array.from({ length: 11 }, () => false), true]) {
    const job = await client.jobs.create({ type, payload: { fails }, maxAttempts: 1 });
    jobs.push(job);
    await client.jobs.waitForCompletion(job.id);
  }
  await untilListed(client, { type, status: 'failed' }, ({ length }) => length === 1);
  await worker.stop();
});

function fact(page: Page, name: string) {
  return page.locator('.facts dt', { hasText: name }).locator('xpath=../dd');
}

test('a type shows what ended in the last hour, how long its jobs waited and ran, and when its workers changed', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/types/${type}`, stage.adminKey);
  await page.getByRole('heading', { name: 'Last hour', exact: true }).waitFor();
  const shown = await Promise.all(
    ['Created', 'Completed', 'Failed', 'Retried', 'Ended a minute'].map((name) => fact(page, name).textContent()),
  );
  expect(shown).toEqual(['12', '11', '1', '0', '0.2']);
  const duration = String.raw`[\d.]+ m?s`;
  for (const name of ['Wait', 'Run']) {
    expect(await fact(page, `${name}, p50 and p95`).textContent()).toMatch(new RegExp(`^${duration}, ${duration}$`));
  }
  const bars = await page.locator('.chart g:not(.version-mark) > title').allTextContents();
  const ended = bars.map((title) => /(\d+) completed, (\d+) failed$/.exec(title)?.slice(1).map(Number) ?? []);
  expect(ended.reduce(([good = 0, bad = 0], [more = 0, worse = 0]) => [good + more, bad + worse], [])).toEqual([11, 1]);
  await page.getByRole('listitem').filter({ hasText: '2.4.0 began' }).waitFor();
  expect(await page.locator('.version-mark').count()).toBe(1);
  expect(await accessibilityFaults(page)).toEqual([]);
  await fact(page, 'Failed').getByRole('link').click();
  await page.getByRole('heading', { name: `Failures of ${type}` }).waitFor();
  expect(new URL(page.url()).searchParams.get('window')).toBe('1h');
});

test('a type shows its last ten jobs, the newest first, which lead to the jobs and to those with the same error', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/types/${type}`, stage.adminKey);
  const links = page.locator('tbody tr td:nth-child(2) a');
  await links.first().waitFor();
  const newest = jobs.toReversed().map(({ id }) => id);
  expect(await links.evaluateAll((all) => all.map((one) => one.title))).toEqual(newest.slice(0, 10));
  const first = page.getByRole('row').filter({ hasText: newest[0] ?? '' });
  expect(await first.textContent()).toMatch(/^failed.*1\/1.*[\d.]+ m?sTypeError$/);
  await first.getByRole('link', { name: 'TypeError' }).click();
  await page.getByText('1 that match').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: newest[1] ?? '' }).click();
  await page.getByRole('heading', { name: type }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/dashboard/jobs/${newest[1]}`);
});

test('a type that is none any more shows its last jobs all the same', async (context) => {
  const { page } = await stage.openPage(context);
  await page.route('**/api/types', (route) => route.fulfill({ json: { items: [] } }));
  await stage.logIn(page, `/types/${type}`, stage.adminKey);
  await page.getByRole('heading', { name: `No type ${type}` }).waitFor();
  await page.getByRole('link', { name: jobs.at(-1)?.id ?? '' }).waitFor();
  await page.getByRole('link', { name: `All jobs of ${type}` }).click();
  await page.getByText('12 that match').waitFor();
  expect(new URL(page.url()).searchParams.get('type')).toBe(type);
});
