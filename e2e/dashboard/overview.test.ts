import type { Stats } from '@jobstream/client';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, openPage, logIn, prepare } = useDashboard();

/** Two types of which one waits for longer, and more jobs that complete than fail. */
prepare(async () => {
  const payload = { durationMs: 10 };
  const ending = [{ payload }, { payload }, { payload: { ...payload, failTimes: 1 }, maxAttempts: 1 }];
  for (const type of ['waits-for-longer', 'zzz-waits', 'waits-since-now']) await client.jobs.create({ type });
  const ended = await Promise.all(ending.map((job) => client.jobs.create({ type: 'sleep', ...job })));
  for (const { id } of ended) await client.jobs.waitForCompletion(id);
});

/** The last answer that the page has got; what it shows is of it, or of the next one. */
function lastStats(page: Page): () => Stats | undefined {
  let last: Stats | undefined;
  page.on('response', (response) => {
    if (!response.url().includes('/api/stats?window=')) return;
    // The page may be closed meanwhile.
    response.json().then(
      (stats: Stats) => void (last = stats),
      () => undefined,
    );
  });
  return () => last;
}

function figure(page: Page, name: string) {
  return page.locator('dt', { hasText: name }).locator('xpath=../dd');
}

test('the overview has the numbers of the API: figures, the chart, and what waits with the oldest first', async (context) => {
  const { page } = await openPage(context);
  const stats = lastStats(page);
  await logIn(page, '', adminKey);
  await page.getByText('Table behind the log').waitFor();
  await expect
    .poll(async () => {
      const { activity, backlog } = stats() ?? {};
      const titles = await page.locator('.chart title').allTextContents();
      const ages = await page.locator('tbody tr td:first-child').allTextContents();
      const oldest = Object.entries(backlog ?? {}).toSorted(
        ([, a], [, b]) => (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0),
      );
      return {
        failed: (await figure(page, 'Failed in').textContent()) === activity?.total.failed.toLocaleString('en-US'),
        completed:
          (await figure(page, 'Completed in').textContent()) === activity?.total.completed.toLocaleString('en-US'),
        chart: sumOf(titles, /(\d+) failed/) === activity?.total.failed,
        order: ages.join() === oldest.map(([type]) => type).join(),
      };
    })
    .toEqual({ failed: true, completed: true, chart: true, order: true });
});

function sumOf(titles: readonly string[], number: RegExp): number {
  return titles.reduce((sum, title) => sum + Number(number.exec(title)?.[1]), 0);
}
