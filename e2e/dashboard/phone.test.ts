import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { shown, viewsOf } from './everyView.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, nats, openPage, logIn, prepare } = useDashboard();
const TAG = 'on-a-phone';
const ERROR = 'told to fail: attempt 1 of 1';
/** No screen of a phone has them in one line, and most have no place to break: what is beside them then is elsewhere with each. */
const LONG_TYPES = [
  'a-type-whose-name-is-as-long-as-those-of-large-shops-can-be',
  ...[56, 48].map((length) => 't'.padEnd(length, 'e')),
];
/** Lines are further apart. */
const LINE_PX = 10;
const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'light' } as const;
const examples: Record<string, string> = { type: LONG_TYPES[1] ?? '' };
let failedJob = '';

prepare(async () => {
  const failing = { type: 'sleep', payload: { durationMs: 1, failTimes: 1 }, maxAttempts: 1, tags: [TAG] };
  const [failed] = await client.jobs.createBatch([failing, failing]);
  await client.jobs.create({ type: 'phone', tags: [TAG, 'a-tag-that-is-longer-than-others'], delayMs: 3_600_000 });
  await client.jobs.create({ type: 'phone', tags: ['phone-acme', 'phone-vip'] });
  failedJob = failed?.id ?? '';
  for (const type of LONG_TYPES) examples['id'] = await failOnce(type);
  examples['other'] = failedJob;
  await untilListed(client, { tag: TAG }, (jobs) => jobs.length === 6 && jobs.filter(isFailed).length === 5);
});

/** Gives the id of the job. */
async function failOnce(type: string): Promise<string> {
  const worker = createWorker({ natsUrl: nats }).handle(defineJob(type, { payload: z.unknown() }), () => {
    throw new TypeError('no such customer');
  });
  await worker.start();
  const { id } = await client.jobs.create({ type, maxAttempts: 1, tags: [TAG] });
  await client.jobs.waitForCompletion(id);
  await worker.stop();
  return id;
}

function isFailed({ status }: { readonly status: string }): boolean {
  return status === 'failed';
}

/** By how many pixels the document is wider than the screen, and whether the link of the view is all on it. */
async function fitOf(page: Page): Promise<{ readonly excess: number; readonly active: boolean }> {
  const width = await page.locator('html').evaluate((html) => html.scrollWidth);
  const link = await page.locator('.top nav [aria-current=page]').boundingBox();
  const active = link !== null && link.x >= 0 && link.x + link.width <= phone.viewport.width;
  return { excess: width - phone.viewport.width, active };
}

/** In how many lines those stand that can be seen; what is in one line may differ in height. */
async function linesOf(parts: Locator): Promise<number> {
  const middles = await parts.evaluateAll((found) =>
    found
      .filter((one) => one.checkVisibility())
      .map((one) => one.getBoundingClientRect())
      .map(({ top, bottom }) => (top + bottom) / 2)
      .toSorted((one, other) => one - other),
  );
  expect(middles.length).toBeGreaterThan(1);
  return 1 + middles.slice(1).filter((middle, index) => middle - (middles[index] ?? 0) > LINE_PX).length;
}

/** How many pixels there are between each row of the list and the next. */
function gapsOf(page: Page): Promise<readonly number[]> {
  return page.locator('.scroller .row').evaluateAll((rows) => {
    const boxes = rows.map((row) => row.getBoundingClientRect()).toSorted((one, other) => one.top - other.top);
    return boxes.slice(1).map(({ top }, index) => Math.round(top - (boxes[index]?.bottom ?? 0)));
  });
}

test('on a phone every view fits and is accessible, and the navigation shows which it is', async (context) => {
  const { page } = await openPage(context, phone);
  await logIn(page, '', adminKey);
  for (const view of [...(await viewsOf(page, examples)), '/failures?show=dead-letters', `/jobs?tag=${TAG}`]) {
    await page.goto(`/dashboard${view}`);
    await shown(page);
    await expect.poll(async () => ({ view, ...(await fitOf(page)) })).toEqual({ view, excess: 0, active: true });
    expect({ view, faults: await accessibilityFaults(page) }).toEqual({ view, faults: [] });
  }
});

test('on a phone a job of the list is a card with its error, or its tags', async (context) => {
  const { page } = await openPage(context, phone);
  await logIn(page, `/jobs?tag=${TAG}`, adminKey);
  const card = page.getByRole('row').filter({ hasText: failedJob });
  await card.getByText(`Error: ${ERROR}`).waitFor();
  expect(await linesOf(card.locator('.state, .note'))).toBe(2);
  const waiting = page.getByRole('row').filter({ hasText: 'scheduled' });
  await waiting.getByRole('link', { name: TAG }).waitFor();
  expect(await gapsOf(page)).toEqual([0, 0, 0, 0, 0]);
  expect(await accessibilityFaults(page)).toEqual([]);
  // A card that is turned to a row of a wide screen, as when a tablet is turned.
  await page.setViewportSize({ width: 1_280, height: 800 });
  await expect.poll(() => linesOf(card.locator('.state, .note'))).toBe(1);
  await expect.poll(() => gapsOf(page)).toEqual([0, 0, 0, 0, 0]);
});

test('on a phone there is one row of controls above a list, and one button unfolds the others', async (context) => {
  const { page } = await openPage(context, phone);
  await logIn(page, `/jobs?tag=${TAG}`, adminKey);
  const unfold = page.getByRole('button', { name: 'Filters…' });
  await unfold.waitFor();
  const controls = page.locator('.jobs-view').locator('button, select, input:not(.choose input), .by-status a');
  expect(await linesOf(controls)).toBe(1);
  const order = page.getByRole('combobox', { name: 'Order' });
  expect(await order.isVisible()).toBe(false);
  await unfold.click();
  await order.selectOption('oldest');
  await page.waitForURL(/sort=oldest/);
  await page.getByRole('checkbox', { name: `Choose ${failedJob}` }).check();
  await page.getByText('1 chosen').waitFor();
  await page.goto('/dashboard/failures?window=1h');
  await page.getByRole('link', { name: '30 d' }).waitFor();
  expect(await linesOf(page.locator('.controls').locator('a, button'))).toBe(1);
  await page.goto('/dashboard/audit');
  await page.getByRole('button', { name: 'Filters…' }).click();
  await page.getByLabel('Action', { exact: true }).fill('job.retry');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.waitForURL(/action=job\.retry/);
});

test('on a phone the rows of a table are cards that name their facts, and its order can be turned round', async (context) => {
  const { page } = await openPage(context, phone);
  await logIn(page, '/failures?show=dead-letters&type=sleep', adminKey);
  const card = page.locator(`tr[id="${failedJob}"]`);
  await card.getByText(ERROR).waitFor();
  const edit = await card.getByRole('link', { name: 'Edit and retry' }).boundingBox();
  expect((edit?.x ?? 0) + (edit?.width ?? 0)).toBeLessThanOrEqual(phone.viewport.width);
  expect(await card.ariaSnapshot()).toMatch(/cell "Attempts 1"[^]*cell "Failed .* ago"/);
  await page.getByRole('columnheader', { name: 'Failed' }).getByRole('link').click();
  await page.getByText('The first that failed first.').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
});
