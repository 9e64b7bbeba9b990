import { eventually } from '@jobstream/test-support';
import type { BrowserContext } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { api, adminKey, client, clientWith, createKey, openPage, logIn } = useDashboard();

/** Creates a job that no worker runs, and waits until lists have it. */
async function listedJob(type: string): Promise<string> {
  const { id } = await client.jobs.create({ type, payload: {} });
  await listed(type, 'pending');
  return id;
}

const listed = (type: string, status: string) =>
  eventually(async () => expect((await client.jobs.listPage({ type })).items[0]).toMatchObject({ status }));

/** Lets no feed begin until the returned function is called. */
async function holdFeeds(browser: BrowserContext): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await browser.route('**/api/events*', async (route) => {
    await promise;
    await route.continue();
  });
  return resolve;
}

test('what happens after the list was read and before the feed begins is seen', async (context) => {
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const id = await listedJob('gap');
  const release = await holdFeeds(page.context());
  await logIn(page, '/jobs?type=gap', key);
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('pending').waitFor();
  await client.jobs.cancel(id);
  await listed('gap', 'cancelled');
  release();
  await row.getByText('cancelled').waitFor();
  expect(await row.getByText('pending').count()).toBe(0);
});

test('the tab that takes over the feed goes on where the other ended', async (context) => {
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const id = await listedJob('handover');
  const connected = page.waitForResponse('**/api/events*');
  await logIn(page, '/jobs?type=handover', key);
  await connected;
  const second = await page.context().newPage();
  await second.goto('/dashboard/jobs?type=handover');
  const row = second.getByRole('row').filter({ hasText: id });
  await row.getByText('pending').waitFor();
  const release = await holdFeeds(page.context());
  const asked = second.waitForRequest('**/api/events*');
  await page.close();
  await asked;
  await client.jobs.cancel(id);
  await listed('handover', 'cancelled');
  release();
  await row.getByText('cancelled').waitFor();
  expect(await row.getByText('pending').count()).toBe(0);
});

test('a list that was left is up to date when one comes back to it', async (context) => {
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const id = await listedJob('left');
  await logIn(page, '/jobs?type=left', key);
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('pending').waitFor();
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByRole('link', { name: 'Schedules', exact: true }).and(page.locator('[aria-current]')).waitFor();
  await client.jobs.cancel(id);
  await listed('left', 'cancelled');
  await page.goBack();
  await row.getByText('cancelled').waitFor();
  expect(await row.getByText('pending').count()).toBe(0);
});

test('two tenants see nothing of each other, in lists or as it happens', async (context) => {
  const tenants = await Promise.all(
    ['acme', 'globex'].map(async (tenant) => {
      const { key } = await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant });
      const jobs = clientWith(key).jobs;
      const before = (await jobs.create({ type: 'tenants', payload: {} })).id;
      await eventually(async () => expect((await jobs.listPage({ type: 'tenants' })).items).toHaveLength(1));
      const { page } = await openPage(context);
      const connected = page.waitForResponse('**/api/events*');
      await logIn(page, '/jobs?type=tenants', key);
      await connected;
      await page.getByText(before).waitFor(); // a list that is read later has the next job as well
      return { page, jobs, before };
    }),
  );
  // Only when all feeds run: an event of the other would come before that of the own job.
  const created: string[] = [];
  for (const { jobs } of tenants) created.push((await jobs.create({ type: 'tenants', payload: {} })).id);
  for (const [index, { page, before }] of tenants.entries()) {
    await page.getByRole('button', { name: 'Show 1 more job' }).click();
    await page.getByText(created[index] ?? '').waitFor();
    await page.getByText(before).waitFor();
    expect(await page.getByRole('row').count()).toBe(3);
  }
});

test('a key that is revoked leads to the login', async (context) => {
  const { page } = await openPage(context);
  const { id, key } = await createKey({ scopes: ['jobs:read'] });
  await logIn(page, '/schedules', key);
  const revoked = await fetch(`${api}/api/keys/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(revoked.status).toBe(204);
  await page.getByLabel('API key or token').waitFor();
  expect(await page.getByRole('navigation', { name: 'Views', exact: true }).count()).toBe(0);
  expect(await page.context().cookies()).toEqual([]);
});
