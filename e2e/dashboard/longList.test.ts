import { rm } from 'node:fs/promises';
import { JobstreamClient } from '@jobstream/client';
import { eventually, PATIENT, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { pageFolder, openPage, prepare } = useDashboard();
/** Small ones, so that each is answered in time on a machine with much else to do. */
const [BATCHES, BATCH] = [400, 250];
const JOBS = BATCHES * BATCH;
/** As the list asks for them. */
const PAGE = 100;
/** More pages than the list keeps. */
const SCROLLED_PAGES = 15;

let dataDir: string;
let system: RunningSystem;

/** A system of its own: the other files list all jobs of theirs, and compare its table with its log. */
prepare(async () => {
  dataDir = await scratchDataFolder('long-list');
  system = await startSystem(dataDir, { ...PATIENT, DASHBOARD: 'true', DASHBOARD_DIR: pageFolder });
  const client = new JobstreamClient({ url: system.api, retryForMs: 120_000, jobWarnings: false });
  const batches = Array.from({ length: BATCHES }, (_, batch) => batch).values();
  await Promise.all([createAll(client, batches), createAll(client, batches)]);
  await eventually(async () => {
    const { total } = (await client.stats()).jobs;
    if (total < JOBS) throw new Error(`the table has ${total} jobs`);
  });
});

/** No worker takes these types, so that all jobs wait. Every tenth batch is of invoices. */
async function createAll(client: JobstreamClient, batches: Iterable<number>): Promise<void> {
  for (const batch of batches) {
    const job = { type: batch % 10 === 0 ? 'invoice' : 'newsletter', tags: [`campaign-${batch}`] };
    await client.jobs.createBatch(Array.from({ length: BATCH }, (_, n) => ({ ...job, payload: { n } })));
  }
}

afterAll(async () => {
  await system?.stop();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
});

/** The pages that a list has asked for, by their cursors. */
function pagesAskedFor(page: Page): readonly string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/api/jobs' && !searchParams.has('count')) asked.push(searchParams.get('cursor') ?? 'the first');
  });
  return asked;
}

async function shownRows(page: Page): Promise<readonly number[]> {
  const rows = await page.locator('[data-row]').evaluateAll((links) => links.map((link) => link.dataset['row']));
  return rows.map(Number);
}

function scrollTo(rows: Locator, row: number): Promise<void> {
  return rows.evaluate((scroller, top) => scroller.scrollTo({ top }), row * 32);
}

test('a list of 100,000 jobs is scrolled far, and keeps the pages around what is in sight', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  const asked = pagesAskedFor(page);
  await page.goto('/dashboard/jobs');
  const table = page.getByRole('table', { name: 'Jobs' });
  await expect.poll(() => table.getAttribute('aria-rowcount')).toBe(String(JOBS + 1));
  const rows = table.getByRole('rowgroup').nth(1);
  for (let pages = 1; pages <= SCROLLED_PAGES; pages++) {
    await scrollTo(rows, pages * PAGE);
    await expect.poll(async () => Math.max(...(await shownRows(page)))).toBeGreaterThan(pages * PAGE);
    expect((await shownRows(page)).length).toBeLessThan(PAGE);
  }
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.length).toBeLessThan(SCROLLED_PAGES + 5);
  await scrollTo(rows, 0);
  await page.locator('[data-row="0"]').waitFor();
  expect(asked.filter((cursor) => cursor === 'the first')).toHaveLength(2);
});

test('a page that is under way is not asked for again while one scrolls on', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  const asked = pagesAskedFor(page);
  const held = Promise.withResolvers<void>();
  await page.route(/api\/jobs\?.*cursor=/, (route) => held.promise.then(() => route.continue()));
  await page.goto('/dashboard/jobs');
  const rows = page.getByRole('table', { name: 'Jobs' }).getByRole('rowgroup').nth(1);
  await page.locator('[data-row="0"]').waitFor();
  for (const row of [60, 65, 70, 75]) {
    await scrollTo(rows, row);
    await page.locator(`[data-row="${row + 5}"]`).waitFor();
  }
  held.resolve();
  await scrollTo(rows, PAGE);
  await page.locator(`[data-row="${PAGE}"]`).waitFor();
  expect(new Set(asked).size).toBe(asked.length);
});

test('filters lead to few of 100,000 jobs, and all that match are counted before they are changed', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  await page.goto('/dashboard/jobs');
  await page.getByText('100,000 that match').waitFor();
  const box = page.getByRole('combobox', { name: 'Add a filter' });
  await box.fill('type newsletter');
  await page.getByRole('option', { name: 'type newsletter', exact: true }).click();
  await page.getByText('90,000 that match').waitFor();
  await page.getByRole('link', { name: 'Cancel…' }).click();
  await page.getByRole('button', { name: 'Cancel 90,000 jobs' }).waitFor();
  await page.getByRole('link', { name: 'Show or narrow them' }).click();
  await box.fill('campaign-77');
  await page.getByRole('option', { name: 'tag campaign-77' }).click();
  await page.getByText('250 that match').waitFor();
  await page.getByLabel('Order').selectOption('oldest');
  const oldest = (await new JobstreamClient({ url: system.api }).jobs.listPage({ tag: 'campaign-77', sort: 'oldest' }))
    .items[0];
  await expect.poll(() => page.locator('[data-row="0"]').textContent()).toBe(oldest?.id);
});

test('of more rows than can be chosen the first 200 are', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  await page.goto('/dashboard/jobs?tag=campaign-77');
  const rows = page.getByRole('table', { name: 'Jobs' }).getByRole('rowgroup').nth(1);
  for (const row of [PAGE, 2 * PAGE]) {
    await scrollTo(rows, row);
    await page.locator(`[data-row="${row}"]`).waitFor();
  }
  await page.getByRole('checkbox', { name: 'Choose all that are shown' }).click(); // it stays unchecked: not all are
  const chosen = page.getByRole('region', { name: 'Chosen jobs' });
  await expect.poll(() => chosen.textContent()).toContain('200 chosen, which is the most');
  await page.getByRole('link', { name: 'Replay…' }).click();
  await page.getByText('200 chosen jobs').waitFor();
});
