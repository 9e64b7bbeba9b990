import { eventually } from '@jobstream/test-support';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, openPage, logIn } = useDashboard();

/** Presses Tab until the element has the focus that a screen reader calls so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.locator(':focus').evaluateAll(([element]) => element?.textContent?.trim());
    if (focused === name) return;
  }
  throw new Error(`100 times Tab do not lead to ${name}`);
}

test('one logs in, finds a job in a list, and cancels it, without a pointer', async (context) => {
  const { id } = await client.jobs.create({ type: 'keyboard', payload: {} });
  await client.jobs.create({ type: 'keyboard', payload: {} });
  await eventually(async () => expect((await client.jobs.listPage({ type: 'keyboard' })).items).toHaveLength(2));
  const { page } = await openPage(context);
  await page.goto('/dashboard/jobs?type=keyboard');
  await page.getByLabel('API key or token').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type(adminKey);
  await page.keyboard.press('Enter');
  await page.getByText(id).waitFor();
  await page.keyboard.press('j'); // the newer one
  await page.locator('[data-row="0"]:focus').waitFor();
  await page.keyboard.press('j');
  await page.locator('[data-row="1"]:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Cancel job' }).waitFor();
  await tabTo(page, 'Cancel job');
  await page.keyboard.press('Enter');
  await page.getByLabel('Reason').waitFor();
  await page.locator('dialog :focus, [role=dialog] :focus').first().waitFor();
  await page.getByLabel('Reason').focus();
  await page.keyboard.type('not needed');
  await tabTo(page, 'Cancel job');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Retry job' }).waitFor();
  const [last] = (await client.jobs.history(id)).slice(-1);
  expect(last).toMatchObject({ event: 'JobCancelled', data: { reason: 'not needed' } });
});

test('j and k go through the rows of a table, and Enter opens one', async (context) => {
  const { type } = await client.jobs.create({ type: 'keyboard', payload: {} });
  await eventually(async () => expect((await client.types.list()).map((one) => one.type)).toContain(type));
  const { page } = await openPage(context);
  await logIn(page, '/types', adminKey);
  await page.locator('[data-row="1"]').waitFor();
  for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
  const focused = page.locator('[data-row="0"] a:focus');
  await focused.waitFor();
  const name = await focused.textContent();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: name ?? '', level: 1 }).waitFor();
});

test('the first Tab offers to skip to the view, and Escape closes the help', async (context) => {
  const { page } = await openPage(context);
  await page.goto('/dashboard/schedules');
  await page.getByLabel('API key or token').fill(adminKey);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Views', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('navigation', { name: 'Views', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('main:focus').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // The dialog gives the focus back to what the view has first.
  await expect.poll(() => page.locator('main:focus-within').count()).toBe(1);
});
