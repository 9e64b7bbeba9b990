import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, logIn, openPage, prepare } = useDashboard();
const TYPE = 'focused';
/** More than are in sight, so that a row far down is not in the document at first. */
const COUNT = 120;

prepare(async () => {
  await client.jobs.createBatch(Array.from({ length: COUNT }, () => ({ type: TYPE, payload: { to: 'somebody' } })));
  await untilListed(client, { type: TYPE }, ({ length }) => length === COUNT);
});

/** The text of what has the focus; `BODY` where it is lost. */
function focused(page: Page): Promise<string> {
  return page.evaluate(`document.activeElement === document.body ? 'BODY' : document.activeElement.textContent.trim()`);
}

async function cancelledJob(): Promise<string> {
  const { id } = await client.jobs.create({ type: 'focused-cancelled', payload: { to: 'somebody' } });
  await client.jobs.cancel(id, { reason: 'not now' });
  return id;
}

test('Esc closes a dialog, a menu and the help, and gives the focus back to what opened it', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${TYPE}`, adminKey);
  await page.locator('[data-row="0"]').waitFor();
  for (const name of ['Times…', 'Views', 'Export…']) {
    const button = page.getByRole('button', { name }).first();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe(await button.textContent());
  }
  await page.keyboard.press('j');
  const row = await focused(page);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => focused(page)).toBe(row);
  expect(row).toMatch(/^[0-9a-f-]{36}$/);
  const box = page.getByRole('combobox', { name: 'Add a filter' });
  await box.click();
  const options = page.getByRole('listbox', { name: 'Filters' });
  await options.waitFor();
  await page.keyboard.press('Escape');
  await options.waitFor({ state: 'detached' });
  await page.locator('.filter-box:focus').waitFor();
});

test('Esc closes what two events have between them, and the focus is at the last mark', async (context) => {
  const id = await cancelledJob();
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${id}`, adminKey);
  await page.getByLabel('Compare version 1').check();
  await page.getByLabel('Compare version 2').check();
  const diff = page.getByRole('region', { name: 'What changed from version 1 to 2' });
  await diff.waitFor();
  await page.getByLabel('Job id').fill('0199');
  await page.keyboard.press('Escape');
  expect(await page.getByLabel('Job id').inputValue()).toBe('');
  await diff.waitFor();
  await diff.getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Escape');
  await diff.waitFor({ state: 'detached' });
  await page.locator('#event-2 input:focus').waitFor();
});

test('Esc leaves an editor for what opened it, and says before that what was typed would be lost', async (context) => {
  const id = await cancelledJob();
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${id}`, adminKey);
  const open = page.getByRole('link', { name: 'Edit and retry' });
  const editor = page.getByLabel('Payload', { exact: true });
  await open.click();
  await editor.focus();
  await page.keyboard.press('Escape');
  await page.locator('a:focus', { hasText: 'Edit and retry' }).waitFor();
  await page.keyboard.press('Enter');
  await editor.fill('{"to": "another"}');
  await page.keyboard.press('Escape');
  await page.getByText('What you have typed will be lost').waitFor();
  expect(await editor.inputValue()).toBe('{"to": "another"}');
  await page.keyboard.press('Escape');
  await page.locator('a:focus', { hasText: 'Edit and retry' }).waitFor();
  await page.goto(`/dashboard/jobs/${id}/edit`);
  await editor.focus();
  await page.keyboard.press('Escape');
  await page.waitForURL(new RegExp(`jobs/${id}$`));
});

test('after Back the focus is at the link by which one left, also of a row far down', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${TYPE}`, adminKey);
  await page.locator('[data-row="0"]').waitFor();
  for (let row = 0; row <= 90; row++) await page.keyboard.press('j');
  const row = page.locator('[data-row="90"]:focus');
  await row.waitFor();
  const id = (await row.textContent()) ?? '';
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `pending ${TYPE}` }).waitFor();
  await page.goBack();
  await row.waitFor();
  expect(await focused(page)).toBe(id);
  expect(await row.isVisible()).toBe(true);
  await page.goForward();
  await page.locator('h1:focus').waitFor();
  expect(await focused(page)).toContain(TYPE);
});

test('after Back to what the link is gone from, the heading of the view has the focus', async (context) => {
  const type = 'focused-gone';
  const { id } = await client.jobs.create({ type });
  await client.jobs.create({ type });
  await untilListed(client, { type }, ({ length }) => length === 2);
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${type}&status=pending`, adminKey);
  await page.getByRole('link', { name: id }).click();
  await page.getByRole('button', { name: 'Cancel job' }).waitFor();
  await client.jobs.cancel(id);
  await untilListed(client, { type, status: 'cancelled' }, ({ length }) => length === 1);
  await page.goBack();
  await page.getByRole('link', { name: id }).waitFor({ state: 'detached' });
  await page.locator('h1:focus').waitFor();
  expect(await focused(page)).toBe('Jobs');
});
