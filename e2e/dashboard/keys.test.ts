import { AccessDeniedError } from '@jobstream/client';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();

test('a key is shown once, works, and is refused after it was revoked', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/keys', stage.adminKey);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('from the page');
  await page.getByLabel('jobs:write').check();
  await page.getByLabel('Expires').selectOption('30');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  const secret = page.getByRole('region', { name: 'The new key' });
  const key = (await secret.locator('pre').textContent()) ?? '';
  const callers = stage.clientWith(key);
  await callers.jobs.create({ type: 'nobody-takes-it' });
  const row = page.getByRole('row').filter({ hasText: key.split('_')[1] ?? 'no id' });
  await row.getByText('jobs:read, jobs:write').waitFor();
  await row.getByText(/expires in (29|30)d/).waitFor();
  await secret.getByRole('button', { name: 'I have kept it' }).click();
  await page.reload();
  await row.waitFor();
  expect(await page.content()).not.toContain(key);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('revoked').waitFor();
  expect(await row.getByRole('button').count()).toBe(0);
  await expect(callers.jobs.listPage()).rejects.toThrow(AccessDeniedError);
});

test('a key without a scope is not created, and the page says why', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/keys', stage.adminKey);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('without scopes');
  await page.getByLabel('jobs:read').uncheck();
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.getByRole('alert').getByText('Invalid request').waitFor();
  expect((await stage.client.keys.list()).map(({ name }) => name)).not.toContain('without scopes');
});

test('who does not administer sees no way to the keys, and none of them', async (context) => {
  const { key } = await stage.createKey({ scopes: ['jobs:read'] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/keys', key);
  await page.getByText('This view needs the scope').waitFor();
  expect(await page.getByRole('link', { name: /^(Keys|Audit)$/ }).count()).toBe(0);
  expect(await page.getByRole('row').count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('the keys and the form for a new one are accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, '/keys', stage.adminKey);
    await page.getByText('(yours)').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByLabel('Name').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
