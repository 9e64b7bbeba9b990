import { eventually } from '@jobstream/test-support';
import type { CDPSession, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { api, adminKey, client, openPage, logIn, prepare } = useDashboard();
const JOBS = 100_000;
const BATCH = 1_000;
/** What the browser may have in its memory for a job that was scrolled past. */
const BYTES_A_ROW = 6_000;

prepare(async () => {
  const jobs = Array.from({ length: BATCH }, () => ({ type: 'many' }));
  const body = JSON.stringify({ jobs });
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  for (let created = 0; created < JOBS; created += BATCH) {
    const { ok, status } = await fetch(`${api}/api/jobs/batch`, { method: 'POST', headers, body });
    if (!ok) throw new Error(`a batch is answered ${status}`);
  }
  await eventually(allListed, { timeoutMs: 250_000, intervalMs: 500 });
});

async function allListed(): Promise<void> {
  const { pending = 0 } = (await client.stats()).jobs.byType['many'] ?? {};
  if (pending < JOBS) throw new Error(`${pending} of ${JOBS} jobs are in the table`);
}

async function heapBytes(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
}

/** What these tests use of an element that scrolls. */
interface Scroller {
  scrollTop: number;
  readonly scrollHeight: number;
}

async function rowHeight(page: Page): Promise<number> {
  const row = page.getByRole('row').filter({ has: page.locator('[data-row="0"]') });
  return (await row.boundingBox())?.height ?? NaN;
}

/** Scrolls to the end of what is loaded until it is so high. */
async function scrollTo(page: Page, pixels: number): Promise<void> {
  await eventually(
    async () => {
      const loaded = await page.locator('.scroller').evaluate((scroller: Scroller) => {
        scroller.scrollTop = scroller.scrollHeight;
        return scroller.scrollHeight;
      });
      expect(loaded).toBeGreaterThanOrEqual(pixels);
    },
    { timeoutMs: 200_000 },
  );
}

test('a list of 100,000 jobs can be scrolled, with few rows in the document and little memory', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '/jobs?type=many', adminKey);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const elements = () => page.locator('*').count();
  const scroller = page.locator('.scroller');
  const jump = (pixels: number) =>
    scroller.evaluate((element: Scroller, top) => {
      element.scrollTop = top;
    }, pixels);
  const height = await rowHeight(page);
  await scrollTo(page, 300 * height);
  const [heap, few] = [await heapBytes(devtools), await elements()];
  await scrollTo(page, 3_000 * height);
  expect(await elements()).toBeLessThan(few + 500);
  expect((await heapBytes(devtools)) - heap).toBeLessThan(3_000 * BYTES_A_ROW);
  await jump(0);
  await page.locator('[data-row="0"]').waitFor();
  await jump(2_000 * height);
  await page.locator('[data-row="2000"]').waitFor();
});
