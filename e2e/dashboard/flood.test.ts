import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { startSyntheticFeed } from './syntheticFeed.ts';

const { api, client, adminKey, openPage, logIn } = useDashboard();

test('5,000 events a second take little memory, and the page remains usable', async (context) => {
  const { id } = await client.jobs.create({ type: 'flood', payload: {} });
  await eventually(async () => expect((await client.jobs.listPage({ type: 'flood' })).items).toHaveLength(1));
  await using feed = await startSyntheticFeed(api, 'flood', 5_000);
  const { page, faults } = await openPage(context, { baseURL: feed.url });
  await logIn(page, '/jobs?type=flood', adminKey);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const heapAfter = async (events: number) => {
    await eventually(() => expect(feed.sent).toBeGreaterThan(events), { timeoutMs: 200_000 });
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
  };
  const early = await heapAfter(20_000);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Show [\d,]+ more jobs$/ }).waitFor();
  const late = await heapAfter(80_000);
  expect(late - early).toBeLessThan(10_000_000);
  await page.getByText(id).click();
  await page.getByRole('heading', { name: 'flood' }).waitFor();
  expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
});
