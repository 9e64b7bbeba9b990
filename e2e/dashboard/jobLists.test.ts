import { randomUUID } from 'node:crypto';
import type { Job } from '@jobstream/client';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, createKey, openPage, logIn, logOut, prepare } = useDashboard();
const [first, second] = [`list-${randomUUID()}`, `list-${randomUUID()}`];
const ids = { waiting: '', cancelled: '', other: '' };

prepare(async () => {
  ids.waiting = (await client.jobs.create({ type: first, tags: ['acme', 'vip'] })).id;
  ids.cancelled = (await client.jobs.create({ type: first, tags: ['acme'] })).id;
  ids.other = (await client.jobs.create({ type: second, tags: ['vip'] })).id;
  await client.jobs.cancel(ids.cancelled);
  await untilListed(
    client,
    { type: [first, second] },
    (jobs) => statusesOf(jobs).join(',') === 'cancelled,pending,pending',
  );
});

function statusesOf(jobs: readonly Job[]): readonly string[] {
  return jobs.map(({ status }) => status).toSorted();
}

/** Types into the box of filters and takes the first that is offered, with the keyboard alone. */
async function addFilter(page: Page, text: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Add a filter' }).fill(text);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
}

async function shownIds(page: Page): Promise<readonly string[]> {
  return (await page.locator('[data-row]').allTextContents()).toSorted();
}

const sorted = (...some: readonly string[]) => some.toSorted();

test('conditions are added with the keyboard, stand in the address, and are removed one by one', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, '/jobs', adminKey);
  const before = faults.errors.length;
  await addFilter(page, `type ${first}`);
  await page
    .getByRole('listitem')
    .filter({ hasText: `type ${first}` })
    .waitFor();
  await addFilter(page, `type ${second}`);
  await expect.poll(() => shownIds(page)).toEqual(sorted(ids.waiting, ids.cancelled, ids.other));
  const counts = page.getByRole('navigation', { name: 'Status' });
  await counts.getByRole('link', { name: 'pending 2' }).waitFor();
  await counts.getByRole('link', { name: 'cancelled 1' }).waitFor();
  await addFilter(page, 'status pending');
  await expect.poll(() => shownIds(page)).toEqual(sorted(ids.waiting, ids.other));
  await addFilter(page, 'tag acme');
  await expect.poll(() => shownIds(page)).toEqual([ids.waiting]);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.reload();
  await expect.poll(() => shownIds(page)).toEqual([ids.waiting]);
  await page.getByRole('link', { name: 'Remove status pending' }).click();
  await expect.poll(() => shownIds(page)).toEqual(sorted(ids.waiting, ids.cancelled));
  expect(new URL(page.url()).searchParams.getAll('type').toSorted()).toEqual(sorted(first, second));
  await page.getByRole('link', { name: 'Remove all' }).click();
  await page.waitForURL(/jobs$/);
  expect(faults.errors.slice(before)).toEqual([]);
});

test('a list that could not be read is read again by itself', async (context) => {
  const { page } = await openPage(context);
  const problem = { type: 'urn:jobstream:problem:table-unavailable', title: 'Read model unavailable', status: 503 };
  const answer = { status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) };
  await page.route('**/api/jobs?*limit=100*', (route) => route.fulfill(answer), { times: 1 });
  await logIn(page, `/jobs?type=${second}`, adminKey);
  await page.getByRole('alert').getByText('Read model unavailable').waitFor();
  await expect.poll(() => shownIds(page)).toEqual([ids.other]);
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('times are presets or a range, and the order can be turned round', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${first}`, adminKey);
  await addFilter(page, 'created after 15 min ago');
  await expect.poll(() => shownIds(page)).toHaveLength(2);
  expect(new URL(page.url()).searchParams.get('createdAfter')).toBe('-15m');
  await page.getByLabel('Order').selectOption('oldest');
  await expect.poll(() => page.locator('[data-row="0"]').textContent()).toBe(ids.waiting);
  await page.getByRole('button', { name: 'Times…' }).click();
  await page.getByLabel('Before').fill('2020-01-01T00:00:00');
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText(/No jobs with .*created before/).waitFor();
});

test('a view is saved for its caller alone, opened again, and deleted', async (context) => {
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  await logIn(page, `/jobs?type=${first}&tag=vip`, key);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Name of the view').fill('VIPs');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Delete VIPs' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await logOut(page);
  await logIn(page, '/jobs', adminKey);
  await page.getByRole('button', { name: 'Views', exact: true }).waitFor();
  await logOut(page);
  await logIn(page, '/jobs', key);
  await page.getByRole('button', { name: 'Views 1' }).click();
  await page.getByRole('link', { name: 'VIPs' }).click();
  await expect.poll(() => shownIds(page)).toEqual([ids.waiting]);
  await page.getByRole('button', { name: 'Views 1' }).click();
  await page.getByRole('button', { name: 'Delete VIPs' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'Views', exact: true }).waitFor();
});

test('a search of a path that is not named says which are, and an expensive one what would be fast', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${first}`, adminKey);
  await addFilter(page, 'customer=ACME');
  await page.getByRole('alert').getByText(`SEARCH_PATHS names for ${first}: no paths`).waitFor();
  const problem = { type: 'urn:jobstream:problem:query-too-expensive', title: 'Query too expensive', status: 400 };
  const answer = { status: 400, contentType: 'application/problem+json', body: JSON.stringify(problem) };
  await page.route('**/api/jobs?*', (route) => route.fulfill(answer));
  await page.goto(`/dashboard/jobs?worker=nobody`);
  expect(await page.getByRole('alert').textContent()).toContain('a status other than completed');
});
