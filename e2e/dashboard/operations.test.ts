import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, createKey, openPage, logIn } = useDashboard();

/** Jobs that wait for ever, since no worker takes their type. */
async function waitingJobs(count: number): Promise<{ readonly type: string; readonly ids: readonly string[] }> {
  const type = `bulk-${randomUUID()}`;
  const batch = Array.from({ length: count }, (_, n) => ({ type, payload: { n, from: 'old' }, tags: ['globex'] }));
  const jobs = await client.jobs.createBatch(batch);
  await untilListed(client, { type, status: 'pending' }, ({ length }) => length === count);
  return { type, ids: jobs.map(({ id }) => id) };
}

async function begin(page: Page, button: string): Promise<string> {
  await page.getByRole('button', { name: button }).click();
  await page.waitForURL(/operations\/[0-9a-f]{8}-/);
  return page.url().split('/').at(-1) ?? '';
}

test('chosen rows are counted before they are replayed with a patch, and lead to the jobs that were made', async (context) => {
  const { page, faults } = await openPage(context);
  const { type, ids } = await waitingJobs(3);
  await client.jobs.cancelMany({ type });
  await untilListed(client, { type, status: 'cancelled' }, ({ length }) => length === 3);
  await logIn(page, `/jobs?type=${type}`, adminKey);
  const before = faults.errors.length;
  for (const id of ids.slice(0, 2)) await page.getByRole('checkbox', { name: `Choose ${id}` }).check();
  await page.getByText('2 chosen').waitFor();
  await page.getByRole('link', { name: 'Replay…' }).click();
  await page.getByText('2 chosen jobs').waitFor();
  await page.getByRole('cell', { name: 'cancelled' }).waitFor();
  await page.getByLabel(/^Patch of the payloads/).fill('{"from": "new", ');
  expect(await page.getByRole('button', { name: 'Replay 2 jobs' }).isDisabled()).toBe(true);
  await page.getByLabel(/^Patch of the payloads/).fill('{"from": "new"}');
  await page.getByLabel('Changes of the payload').getByText('"from": "new"').waitFor();
  const preview = page.getByRole('region', { name: 'Preview' });
  const previewed = await preview.getByRole('link').textContent();
  await page.getByRole('button', { name: 'Another job' }).click();
  await preview.getByRole('link', { name: ids.slice(0, 2).find((one) => one !== previewed) ?? '' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByLabel('Reason').fill('wrong sender');
  await page.getByLabel(/Jobs a second/).fill('100');
  const id = await begin(page, 'Replay 2 jobs');
  await page.getByText('2 done, 0 skipped, 0 failed').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await client.operations.get(id)).toMatchObject({ rate: 100, reason: 'wrong sender', status: 'completed' });
  const results = page.getByRole('region', { name: 'Results' });
  await expect.poll(() => results.getByRole('link').count()).toBe(4);
  await results.getByRole('button', { name: 'skipped 0' }).click();
  await results.getByText('None.').waitFor();
  await results.getByRole('button', { name: 'done 2' }).click();
  await expect.poll(() => results.getByRole('link').count()).toBe(4);
  const made = await results.getByRole('row').nth(1).getByRole('link').nth(1).textContent();
  const { payload, rerunOf } = await client.jobs.get(made ?? '');
  expect(payload).toMatchObject({ from: 'new' });
  expect(ids.slice(0, 2)).toContain(rerunOf);
  await untilListed(client, { type, status: 'pending' }, ({ length }) => length === 2);
  const inVain = await client.operations.create({ kind: 'retry', filter: { type, status: 'pending' } });
  await page.goto(`/dashboard/operations/${inVain.id}`);
  await page.getByText('2 skipped: the job is pending: only a failed or cancelled job can be retried').waitFor();
  expect(faults.errors.slice(before)).toEqual([]);
});

test('all that match are cancelled slowly: paused, found again after a reload, resumed from the list, and stopped', async (context) => {
  const { page } = await openPage(context);
  const { type } = await waitingJobs(100);
  await logIn(page, `/jobs?type=${type}&tag=globex`, adminKey);
  await page.getByText('100 that match').waitFor();
  await page.getByRole('link', { name: 'Cancel…' }).click();
  await page.getByText(`type ${type}`).waitFor();
  await page.getByLabel(/Jobs a second/).fill('1');
  await page.getByLabel('Reason').fill('withdrawn');
  const id = await begin(page, 'Cancel 100 jobs');
  await page.getByRole('button', { name: /^Pause/ }).click();
  await page.getByText('‖ paused').waitFor();
  await page.reload();
  await page.getByText('‖ paused').waitFor();
  expect((await client.operations.get(id)).status).toBe('paused');
  await page.getByRole('link', { name: 'Operations' }).click();
  const row = page.getByRole('row').filter({ has: page.locator(`a[href$="${id}"]`) });
  await row.getByText('withdrawn').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await row.getByRole('button', { name: /^Resume/ }).click();
  await row.getByText('▸ running').waitFor();
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await row.getByText('⊘ cancelled').waitFor();
  const { done } = await client.operations.get(id);
  expect(done).toBeLessThan(100);
});

/** Cancelled jobs with these payloads, chosen for a replay. */
async function planReplay(page: Page, payloads: readonly object[]): Promise<string> {
  const type = `bulk-${randomUUID()}`;
  await client.jobs.createBatch(payloads.map((payload) => ({ type, payload })));
  await untilListed(client, { type, status: 'pending' }, ({ length }) => length === payloads.length);
  await client.jobs.cancelMany({ type });
  await untilListed(client, { type, status: 'cancelled' }, ({ length }) => length === payloads.length);
  await logIn(page, `/operations/new?kind=replay&type=${type}`, adminKey);
  return type;
}

async function replayedPayloads(type: string): Promise<readonly unknown[]> {
  return (await client.jobs.listPage({ type, status: 'pending' })).items.map(({ payload }) => payload);
}

test('a patch that makes one value of many says which, of the jobs that are fixed, and begins when that is confirmed', async (context) => {
  const { page, faults } = await openPage(context);
  const mails = Array.from({ length: 8 }, (_, n) => ({ to: `customer-${n % 7}@example.com`, from: 'old' }));
  const type = await planReplay(page, mails);
  const before = faults.errors.length;
  await page.getByLabel(/^Patch of the payloads/).fill('{"to": "me@example.com", "from": "new"}');
  await page.getByText('Accepted for this job').waitFor();
  await page.getByRole('button', { name: 'Replay 8 jobs' }).click();
  const asked = page.getByRole('region', { name: 'What it replaces' });
  await asked.getByText('7 different values of 8 jobs become one').waitFor();
  expect(await asked.getByRole('listitem').allTextContents()).toEqual([
    '"customer-0@example.com" 2 jobs',
    ...[1, 2, 3, 4].map((n) => `"customer-${n}@example.com" 1 job`),
    'and 2 more',
  ]);
  expect(await asked.textContent()).not.toContain('/from');
  expect(await accessibilityFaults(page)).toEqual([]);
  await asked.getByRole('button', { name: 'Change nothing' }).click();
  await page.getByRole('button', { name: 'Replay 8 jobs' }).click();
  await asked.waitFor();
  expect(await replayedPayloads(type)).toEqual([]);
  await asked.getByRole('button', { name: 'Replace them in 8 jobs' }).click();
  await page.getByText('8 done, 0 skipped, 0 failed').waitFor();
  const expected = mails.map(() => ({ to: 'me@example.com', from: 'new' }));
  await expect.poll(() => replayedPayloads(type)).toEqual(expected);
  const { status } = await client.operations.get(page.url().split('/').at(-1) ?? '');
  expect(status).toBe('completed');
  expect(faults.errors.slice(before)).toEqual([]);
});

test('jobs whose payloads are encrypted cannot be compared, and are chosen one by one', async (context) => {
  const { page } = await openPage(context);
  const type = await planReplay(page, [{ $jwe: 'one' }, { $jwe: 'two' }, { $jwe: 'three' }]);
  await page.getByLabel(/^Patch of the payloads/).fill('{"$jwe": "four"}');
  await page.getByRole('button', { name: 'Replay 3 jobs' }).click();
  const asked = page.getByRole('region', { name: 'What it replaces' });
  await asked.getByText('cannot be compared').waitFor();
  const confirm = asked.getByRole('button', { name: /^Replay the/ });
  await expect.poll(() => confirm.isDisabled()).toBe(true);
  const chosen = asked.getByRole('listitem').filter({ hasText: /one|three/ });
  await expect.poll(() => chosen.count()).toBe(2);
  for (const index of [0, 1]) await chosen.nth(index).getByRole('checkbox').check();
  expect(await accessibilityFaults(page)).toEqual([]);
  await asked.getByRole('button', { name: 'Replay the 2 jobs chosen' }).click();
  await page.getByText('2 done, 0 skipped, 0 failed').waitFor();
  await expect.poll(() => replayedPayloads(type)).toEqual([{ $jwe: 'four' }, { $jwe: 'four' }]);
});

test('fields are renamed, set where they are missing and removed, and each job keeps its own values', async (context) => {
  const { page } = await openPage(context);
  const type = await planReplay(page, [
    { from: 'a', cc: 'x' },
    { from: 'b', locale: 'de' },
  ]);
  const add = page.getByRole('button', { name: 'Add a change' });
  await add.click();
  const submit = page.getByRole('button', { name: 'Replay 2 jobs' });
  expect(await submit.isDisabled()).toBe(true);
  await page.getByLabel('Path', { exact: true }).fill('/from');
  await page.getByLabel('New path').fill('/sender');
  await add.click();
  await page.getByRole('combobox', { name: 'Change' }).nth(1).selectOption('Set where missing');
  await page.getByLabel('Path', { exact: true }).nth(1).fill('/locale');
  await page.getByLabel('Value (JSON)').fill('"en"');
  await add.click();
  await page.getByRole('combobox', { name: 'Change' }).nth(2).selectOption('Remove a field');
  await page.getByLabel('Path', { exact: true }).nth(2).fill('/cc');
  await page.getByText('Accepted for this job').waitFor();
  const changes = page.getByLabel('Changes of the payload');
  await changes.getByText('"sender"').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await submit.click();
  await page.getByText('2 done, 0 skipped, 0 failed').waitFor();
  const expected = [
    { sender: 'a', locale: 'en' },
    { sender: 'b', locale: 'de' },
  ];
  await expect.poll(() => replayedPayloads(type)).toEqual(expect.arrayContaining(expected));
});

test('an address that had values of payloads, or left them out, begins no operation on other jobs', async (context) => {
  const { page } = await openPage(context);
  const { type } = await waitingJobs(1);
  await logIn(page, `/operations/new?kind=cancel&type=${type}&search=customer%3DACME`, adminKey);
  await page.getByText('This address has only a part of the operation').waitFor();
  expect(await page.getByRole('button', { name: /^Cancel/ }).count()).toBe(0);
  await page.goto(`/dashboard/operations/new?kind=cancel&type=${type}&withheld=true`);
  await page.getByText('This address has only a part of the operation').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('who may only read sees operations without their controls, and cannot begin one', async (context) => {
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const { type } = await waitingJobs(50);
  const { id } = await client.operations.create({ kind: 'cancel', filter: { type }, rate: 1 });
  await logIn(page, `/operations/${id}`, key);
  await page.getByText('▸ running').waitFor();
  expect(await page.getByRole('button', { name: /^Pause|^Cancel/ }).count()).toBe(0);
  await page.goto('/dashboard/operations/new?kind=cancel');
  await page.getByText('Changes need the scope jobs:write').waitFor();
  await client.operations.cancel(id);
});
