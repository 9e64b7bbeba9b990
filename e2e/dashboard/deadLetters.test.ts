import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, clientWith, createKey, openPage, logIn, prepare } = useDashboard();
const failing = { type: 'sleep', payload: { durationMs: 1, failTimes: 1 }, maxAttempts: 1 };
let failed: string;
const others = { waiting: '', ofAnotherType: '' };

prepare(async () => {
  failed = (await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } })).id;
  const later = { type: 'webhook', payload: { url: 'http://127.0.0.1:9/' }, delayMs: 3_600_000 };
  others.waiting = (await client.jobs.create(later)).id;
  others.ofAnotherType = (await client.jobs.create(failing)).id;
  for (const id of [failed, others.ofAnotherType]) await client.jobs.waitForCompletion(id);
  const lists = { webhook: [failed, others.waiting], sleep: [others.ofAnotherType] };
  for (const [type, ids] of Object.entries(lists)) {
    await untilListed(client, { type }, (jobs) => ids.every((id) => jobs.some((job) => job.id === id)));
  }
});

test('a dead letter is edited against the schema of its type, compared, and retried with a reason', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, '/failures?type=webhook', adminKey);
  const before = faults.errors.length;
  await page.getByRole('navigation', { name: 'Failed jobs' }).getByRole('link', { name: 'Dead letters' }).click();
  const row = page.getByRole('row').filter({ hasText: failed });
  await row.waitFor();
  expect(await page.getByText(others.waiting).count()).toBe(0);
  expect(await page.getByText(others.ofAnotherType).count()).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await row.getByRole('link', { name: 'Edit and retry' }).click();
  const editor = page.getByLabel('Payload', { exact: true });
  await editor.fill('{"url": 17}');
  await page.getByRole('alert').getByText('/url').waitFor();
  expect(await page.getByRole('button', { name: 'Retry with this payload' }).isDisabled()).toBe(true);
  await editor.fill('{"id": 9007199254740993}');
  await page.getByText('write it as a text').waitFor();
  await editor.fill('{"url": "http://127.0.0.1:10/"}');
  await page.getByText('matches the schema').waitFor();
  const changes = page.getByLabel('Changes of the payload');
  expect(await changes.textContent()).toContain('http://127.0.0.1:9/');
  expect(await changes.textContent()).toContain('http://127.0.0.1:10/');
  await page.getByLabel('Reason').fill('the port has moved');
  await page.getByRole('button', { name: 'Retry with this payload' }).click();
  await page.getByText('It is failed.').waitFor();
  const history = await client.jobs.history(failed);
  const changed = history.find(({ event }) => event === 'JobPayloadChanged');
  expect(changed?.data).toMatchObject({ payload: { url: 'http://127.0.0.1:10/' }, reason: 'the port has moved' });
  expect(faults.errors.slice(before)).toEqual([]);
});

test('a job leads to the same editor from its own page', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${failed}`, adminKey);
  await page.getByRole('link', { name: 'Edit and retry' }).click();
  expect(await page.getByLabel('Payload', { exact: true }).inputValue()).toContain('127.0.0.1');
});

test('more dead letters than a page takes are read when one asks', async (context) => {
  await client.jobs.createBatch(Array.from({ length: 50 }, () => failing));
  await untilListed(client, { type: 'sleep', status: 'failed' }, (jobs) => jobs.length > 50);
  const { page } = await openPage(context);
  await logIn(page, '/failures?show=dead-letters&type=sleep', adminKey);
  const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
  await expect.poll(() => rows.count()).toBe(50);
  const oldest = page.getByRole('link', { name: others.ofAnotherType, exact: true });
  expect(await oldest.count()).toBe(0);
  await page.getByRole('button', { name: 'Show more' }).click();
  await oldest.waitFor();
});

test('dead letters stand in the order in which they failed, which is said, and can be turned round', async (context) => {
  const { key } = await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: 'dead-letters' });
  const { jobs } = clientWith(key);
  const { id: older } = await jobs.create({ ...failing, delayMs: 3_600_000 });
  const { id: newer } = await jobs.create(failing);
  await jobs.waitForCompletion(newer);
  await jobs.runNow(older);
  await jobs.waitForCompletion(older);
  await untilListed(clientWith(key), { status: 'failed' }, ({ length }) => length === 2);
  const { page } = await openPage(context);
  await logIn(page, '/failures?show=dead-letters', key);
  const listed = () => page.locator('tbody tr').evaluateAll((rows) => rows.map(({ id }) => id));
  await expect.poll(listed).toEqual([older, newer]);
  await page.getByText('The last that failed first.').waitFor();
  const head = page.getByRole('columnheader', { name: 'Failed' });
  expect(await head.getAttribute('aria-sort')).toBe('descending');
  await head.getByRole('link').click();
  await expect.poll(listed).toEqual([newer, older]);
  await page.getByText('The first that failed first.').waitFor();
  expect(await head.getAttribute('aria-sort')).toBe('ascending');
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.reload();
  await expect.poll(listed).toEqual([newer, older]);
});

test('the view of failures has them beside the causes, and an address of earlier releases leads there', async (context) => {
  const { key } = await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: 'dead-letters-beside' });
  const { jobs } = clientWith(key);
  const ofType = await jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' }, maxAttempts: 1 });
  const ofAnother = await jobs.create(failing);
  for (const { id } of [ofType, ofAnother]) await jobs.waitForCompletion(id);
  await untilListed(clientWith(key), { status: 'failed' }, ({ length }) => length === 2);
  const { page } = await openPage(context);
  await logIn(page, '/dead-letters?type=webhook&sort=firstFinished', key);
  await page.getByText('The first that failed first.').waitFor();
  expect(addressOf(page)).toBe('/dashboard/failures?show=dead-letters&sort=firstFinished&type=webhook');
  expect(await page.title()).toBe('Dead letters · Failures · Jobstream');
  const views = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
  expect(await views.allTextContents()).not.toContain('Dead letters');
  expect(await views.filter({ hasText: 'Failures' }).getAttribute('aria-current')).toBe('page');
  const parts = page.getByRole('navigation', { name: 'Failed jobs' });
  const current = parts.locator('[aria-current]');
  expect(await current.allTextContents()).toEqual(['Dead letters']);
  await page.getByRole('link', { name: 'all types' }).click();
  await page.getByRole('row').filter({ hasText: ofAnother.id }).waitFor();
  await page.locator('tbody').getByRole('link', { name: 'webhook', exact: true }).first().click();
  await page.getByRole('row').filter({ hasText: ofAnother.id }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'In the list, to choose many' }).click();
  await page.waitForURL(/\/jobs\?/);
  expect(addressOf(page)).toBe('/dashboard/jobs?status=failed&type=webhook');
  await page.goBack();
  await parts.getByRole('link', { name: 'By cause' }).click();
  await page.getByText(/jobs? ha(?:s|ve) failed, in \d+ groups?/).waitFor();
  expect(addressOf(page)).toBe('/dashboard/failures?type=webhook');
  expect(await current.allTextContents()).toEqual(['By cause']);
});

/** The path of the page with its parameters in the order of their names. */
function addressOf(page: Page): string {
  const { pathname, searchParams } = new URL(page.url());
  searchParams.sort();
  return `${pathname}?${searchParams.toString()}`;
}
