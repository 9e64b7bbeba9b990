import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, createKey, openPage, logIn } = useDashboard();

test('an administrator has the table compared with the log, and sees what came of it, in both themes', async (context) => {
  const { page } = await openPage(context, { colorScheme: 'light' });
  await logIn(page, '/proof', adminKey);
  await page.getByRole('heading', { name: 'Proof' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page.getByRole('heading', { name: 'The table matches the log' }).waitFor();
  const { last } = await client.proof.read();
  expect(last).toMatchObject({ status: 'equal', differences: 0 });
  await page.getByText(`${last?.position?.toLocaleString('en-US')} of`).waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await accessibilityFaults(page)).toEqual([]);
  }
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page.getByRole('alert').getByText('a moment ago').waitFor();
});

test('a difference is named with its row, and leads to the job', async (context) => {
  const { id } = await client.jobs.create({ type: 'differs' });
  const { page } = await openPage(context);
  const first = [{ table: 'jobs', key: id, field: 'status', live: 'failed', log: 'completed' }];
  const last = { status: 'differs', position: 7, end: 9, jobs: 3, differences: 4, first };
  // A projector that has an error is not at hand.
  await page.route('**/api/verification', (route) => route.fulfill({ json: { last } }));
  await logIn(page, '/proof', adminKey);
  await page.getByRole('heading', { name: 'The table differs from the log' }).waitFor();
  expect(await page.locator('dt', { hasText: 'Differences' }).locator('xpath=../dd').textContent()).toBe('4');
  const row = page.getByRole('row').filter({ hasText: 'status' });
  await row.getByText('completed').waitFor();
  await row.getByRole('link', { name: id }).click();
  await page.getByRole('heading', { name: 'differs' }).waitFor();
});

test('who is no administrator is told which scope it takes', async (context) => {
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const { page } = await openPage(context);
  await logIn(page, '/proof', key);
  await page.getByText('a key that has the scope admin').waitFor();
  expect(await page.getByRole('button', { name: 'Verify now' }).count()).toBe(0);
});
