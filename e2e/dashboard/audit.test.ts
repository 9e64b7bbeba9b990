import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const made = { key: '', keyId: '', job: '' };

stage.prepare(async () => {
  const { id, key } = await stage.createKey({ scopes: ['jobs:write'] });
  const callers = stage.clientWith(key);
  const job = await callers.jobs.create({ type: 'nobody-takes-it' });
  await callers.jobs.cancel(job.id, { reason: 'the order was withdrawn' });
  await callers.jobs.retry(job.id);
  Object.assign(made, { key, keyId: id, job: job.id });
});

test('filters narrow the changes, stand in the address, and lead to the job', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/audit', stage.adminKey);
  await page.getByLabel('Actor').fill(made.keyId);
  await page.getByRole('button', { name: 'Filter' }).click();
  const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
  await expect.poll(() => rows.count()).toBe(2);
  await rows.getByRole('link', { name: 'job.cancel' }).click();
  await page.waitForURL(/action=job\.cancel/);
  await page.goBack();
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByLabel('Action').fill('job.cancel');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect.poll(() => rows.count()).toBe(1);
  await page.reload();
  await rows.getByText('the order was withdrawn').waitFor();
  await rows.getByRole('link', { name: made.job }).click();
  await page.getByRole('heading', { name: 'pending nobody-takes-it' }).waitFor();
});

test('changes that cannot be read at first are read again without a hand', async (context) => {
  const { page } = await stage.openPage(context);
  await page.route(/api\/audit/, (route) => route.fulfill({ status: 503 }), { times: 1 });
  await stage.logIn(page, `/audit?actor=${made.keyId}`, stage.adminKey);
  await page.getByText('The page asks again by itself').waitFor();
  await page.getByRole('cell', { name: 'job.cancel' }).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('what was refused says why', async (context) => {
  const { id } = await client.jobs.create({ type: 'nobody-takes-it' });
  await expect(client.jobs.retry(id)).rejects.toThrow('retry');
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/audit?subjectId=${id}&outcome=refused`, stage.adminKey);
  await page.getByText('refused: illegal-transition').waitFor();
});

test('without a match the page says so, and how to ask from a terminal', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/audit?actor=nobody', stage.adminKey);
  await page.getByText('No change matches').waitFor();
  expect(await page.locator('.code pre').textContent()).toContain('/api/audit?actor=nobody');
});

test('a log longer than a page is read further when one asks', async (context) => {
  const { id, key } = await stage.createKey({ scopes: ['jobs:write'] });
  const { jobs } = stage.clientWith(key);
  const job = await jobs.create({ type: 'nobody-takes-it' });
  await Promise.all(Array.from({ length: 103 }, () => jobs.cancel(job.id).catch(() => {})));
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/audit?actor=${id}`, stage.adminKey);
  const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
  await expect.poll(() => rows.count()).toBe(100);
  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await expect.poll(() => rows.count()).toBe(103);
  expect(await more.count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('the audit log is accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, `/audit?subjectId=${made.job}`, stage.adminKey);
    await page.getByText('the order was withdrawn').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
