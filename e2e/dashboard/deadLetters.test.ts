import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, openPage, logIn, prepare } = useDashboard();
let failed: string;

prepare(async () => {
  failed = (await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } })).id;
  await client.jobs.waitForCompletion(failed);
  await untilListed(client, { status: 'failed', type: 'webhook' }, (jobs) => jobs.some(({ id }) => id === failed));
});

test('a dead letter is edited against the schema of its type, compared, and retried with a reason', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, '/dead-letters?type=webhook', adminKey);
  const before = faults.errors.length;
  const row = page.getByRole('row').filter({ hasText: failed });
  await row.waitFor();
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
