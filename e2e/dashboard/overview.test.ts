import { randomUUID } from 'node:crypto';
import { defineJob, type Stats } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, nats, client, clientWith, createKey, openPage, logIn, prepare } = useDashboard();

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
      const { activity, backlog, jobs } = stats() ?? {};
      const titles = await page.locator('.chart g:not(.version-mark) > title').allTextContents();
      const ages = await page.locator('tbody tr td:first-child').allTextContents();
      const oldest = Object.entries(backlog ?? {})
        .filter(([type, { waiting, inFlight }]) => {
          const {
            scheduled = 0,
            pending = 0,
            processing = 0,
            waiting: sleeping = 0,
            retrying = 0,
          } = jobs?.byType[type] ?? {};
          return (
            waiting + inFlight + scheduled + pending + processing + sleeping + retrying > 0 || activity?.byType[type]
          );
        })
        .toSorted(([, a], [, b]) => (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0));
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

function section(page: Page, title: string) {
  return page.locator('section').filter({ has: page.getByRole('heading', { name: title }) });
}

test('the three largest groups of failures of the last hour lead to themselves among all failures', async (context) => {
  const { key } = await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: `overview-${randomUUID()}` });
  const tenant = clientWith(key);
  const failing = [
    { type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } },
    { type: 'webhook', payload: { url: 'no address' } },
    { type: 'sleep', payload: { durationMs: 1, failTimes: 1 } },
    { type: 'sleep', payload: { durationMs: 600_000 }, timeoutMs: 50 },
  ];
  const jobs = failing.flatMap((job, index) => Array.from({ length: 4 - index }, () => ({ ...job, maxAttempts: 1 })));
  await tenant.jobs.createBatch(jobs);
  await untilListed(tenant, { status: 'failed' }, ({ length }) => length === jobs.length);
  const { items } = await tenant.failures({ window: '1h' });
  expect(items.map(({ count }) => count)).toEqual([4, 3, 2, 1]);
  const { page } = await openPage(context);
  await logIn(page, '', key);
  const groups = section(page, 'Fails most, last hour').getByRole('listitem');
  await groups.first().waitFor();
  const counts = await groups.locator('> span').allTextContents();
  expect(counts.map((text) => text.split(',')[0])).toEqual(['4 jobs', '3 jobs', '2 jobs']);
  expect(await page.getByRole('heading', { name: 'Paused' }).count()).toBe(0);
  await groups.nth(2).getByRole('link').click();
  const chosen = page.locator(`li[id="${items[2]?.id}"]`);
  await chosen.and(page.locator('[aria-current]')).getByText('2 jobs').waitFor();
  expect(await page.locator('li[aria-current]').count()).toBe(1);
});

test('paused types say who paused them and why, and lead to the type', async (context) => {
  const type = `paused-${randomUUID()}`;
  await client.jobs.create({ type });
  await client.types.pause(type, { reason: 'the partner is down' });
  context.onTestFinished(() => void client.types.resume(type));
  const { page } = await openPage(context);
  await logIn(page, '', adminKey);
  const row = section(page, 'Paused').getByRole('listitem').filter({ hasText: type });
  await row.getByText('the partner is down').waitFor();
  expect(await row.textContent()).toMatch(/‖ paused by key .+, (now|.* ago): the partner is down$/);
  // In line with text, colour alone does not tell a link; axe does not always say so.
  const link = row.getByRole('link', { name: 'key ' });
  const line = link.evaluate((one) => one.ownerDocument.defaultView?.getComputedStyle(one).textDecorationLine);
  expect(await line).toBe('underline');
  await row.getByRole('link', { name: type }).click();
  await page.getByRole('heading', { name: type }).waitFor();
});

test('a pause of all types is one line, beside the types that are paused alone', async (context) => {
  const { page } = await openPage(context);
  const all = { paused: true, pausedWithAll: true, pauseReason: 'the database moves' };
  await page.route('**/api/types', async (route) => {
    const { items } = (await (await route.fetch()).json()) as { items: readonly object[] };
    const alone = { ...items[0], type: 'alone', paused: true, pauseReason: 'a reason of its own' };
    await route.fulfill({ json: { items: [...items.map((one) => Object.assign(one, all)), alone] } });
  });
  await logIn(page, '', adminKey);
  const rows = section(page, 'Paused').getByRole('listitem');
  await rows.first().waitFor();
  expect(await rows.allTextContents()).toEqual([
    expect.stringMatching(/^All types‖ paused with all types.*: the database moves$/),
    expect.stringMatching(/^alone‖ paused.*: a reason of its own$/),
  ]);
});

test('a type with nothing in it is hidden until it has jobs, and the overview says how many are', async (context) => {
  const type = `idle-${randomUUID()}`;
  const definition = defineJob(type, { payload: z.unknown() });
  const worker = createWorker({ natsUrl: nats }).handle(definition, () => undefined);
  context.onTestFinished(() => worker.stop());
  await worker.start();
  await expect.poll(async () => (await client.stats()).backlog?.[type]?.waiting).toBe(0);
  const { page } = await openPage(context);
  const stats = lastStats(page);
  await logIn(page, '', adminKey);
  await page.getByRole('link', { name: /with nothing in (it is|them are) hidden$/ }).waitFor();
  await expect.poll(() => stats()?.backlog?.[type]?.workers).toBe(1);
  expect(await section(page, 'Backlog').getByRole('row').filter({ hasText: type }).count()).toBe(0);
  await client.jobs.create({ type });
  await section(page, 'Backlog').getByRole('link', { name: type }).waitFor();
});
