import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, logIn, openPage, prepare } = useDashboard();
const TAGS = ['named-acme', 'named-vip'] as const;
let [failed, waiting] = ['', ''];

prepare(async () => {
  const job = { type: 'sleep', payload: { durationMs: 1, failTimes: 1 }, maxAttempts: 1, tags: TAGS };
  failed = (await client.jobs.create(job)).id;
  waiting = (await client.jobs.create({ type: 'named', tags: TAGS })).id;
  await client.jobs.waitForCompletion(failed);
  await untilListed(client, { tag: TAGS, status: ['failed', 'pending'] }, ({ length }) => length === 2);
});

/** What the address of the page says of a list of jobs. */
async function conditionsOf(page: Page): Promise<Record<string, string>> {
  await page.waitForURL(/\/jobs\?/);
  return Object.fromEntries(new URL(page.url()).searchParams);
}

test('the list shows the tags of every status, and what it names narrows it', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?tag=${TAGS[0]}`, adminKey);
  for (const id of [failed, waiting]) {
    const row = page.getByRole('row').filter({ hasText: id });
    for (const tag of TAGS) await row.getByRole('link', { name: tag }).waitFor();
  }
  const row = page.getByRole('row').filter({ hasText: waiting });
  await row.getByRole('link', { name: 'named', exact: true }).click();
  await page.getByRole('row').filter({ hasText: failed }).waitFor({ state: 'detached' });
  expect(await conditionsOf(page)).toEqual({ tag: TAGS[0], type: 'named' });
  expect(await accessibilityFaults(page)).toEqual([]);
  // The link of the job lies above the rest of its row.
  await row.getByText('pending').click({ force: true });
  await page.getByRole('heading', { name: 'pending named' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/dashboard/jobs/${waiting}`);
});

test('an id is short to the eye alone', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?tag=${TAGS[0]}`, adminKey);
  const link = page.getByRole('link', { name: waiting, exact: true });
  const width = (await link.boundingBox())?.width ?? 0;
  expect(await link.textContent()).toBe(waiting);
  expect(width).toBeGreaterThan(0);
  expect(width).toBeLessThan(100);
});

test('on the page of a job its tags, the name of its error and who did what are links', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${failed}`, adminKey);
  await page.getByRole('link', { name: TAGS[1] }).click();
  expect(await conditionsOf(page)).toEqual({ tag: TAGS[1] });
  await page.goBack();
  await page.locator('.job-error').getByRole('link', { name: 'Error', exact: true }).click();
  expect(await conditionsOf(page)).toEqual({ type: 'sleep', errorName: 'Error' });
  await page.goBack();
  const started = page.getByRole('row').filter({ hasText: 'JobStarted' });
  const { worker = '' } = await client.jobs.get(failed);
  await started.getByRole('link', { name: `worker ${worker}` }).click();
  expect(await conditionsOf(page)).toEqual({ worker });
  await page.goBack();
  const attempts = page.locator('.timeline li');
  await attempts.getByRole('link', { name: worker, exact: true }).click();
  expect(await conditionsOf(page)).toEqual({ worker });
  await page.goBack();
  await attempts.getByRole('link', { name: 'Error', exact: true }).click();
  expect(await conditionsOf(page)).toEqual({ type: 'sleep', errorName: 'Error' });
  await page.goBack();
  const created = page.getByRole('row').filter({ hasText: 'JobCreated' });
  await created.getByRole('link', { name: /^key / }).click();
  await page.waitForURL(/\/keys#key-[0-9a-f]{16}$/);
  const { hash } = new URL(page.url());
  await expect.poll(() => page.locator(`tr[id="${hash.slice(1)}"]`).count()).toBe(1);
});

test('an operation that changed a job is a link of its history, and of the audit log', async (context) => {
  const operation = await client.operations.create({ kind: 'cancel', filter: { ids: [waiting] }, reason: 'named' });
  await client.jobs.waitForCompletion(waiting);
  await client.operations.pause(operation.id).catch(() => undefined);
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${waiting}`, adminKey);
  await page.getByRole('region', { name: 'Causes' }).getByRole('link', { name: 'cancel operation' }).click();
  await page.waitForURL(`**/operations/${operation.id}`);
  await page.getByRole('link', { name: waiting, exact: true }).waitFor();
  await page.goto(`/dashboard/audit?subjectId=${operation.id}`);
  await page
    .getByRole('link', { name: `operation ${operation.id}` })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Cancel 1 job' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/dashboard/operations/${operation.id}`);
});

test('an operation names its conditions and types as links, before it begins and after', async (context) => {
  const operation = await client.operations.create({ kind: 'cancel', filter: { type: 'named', tag: TAGS }, rate: 1 });
  const { page } = await openPage(context);
  await logIn(page, `/operations/${operation.id}`, adminKey);
  await page.getByRole('link', { name: `tag ${TAGS[1]}` }).click();
  expect(await conditionsOf(page)).toEqual({ tag: TAGS[1] });
  await page.goto(`/dashboard/operations/new?kind=retry&tag=${TAGS[0]}`);
  await page.getByRole('region', { name: 'Jobs' }).getByRole('link', { name: 'sleep', exact: true }).click();
  expect(await conditionsOf(page)).toEqual({ type: 'sleep' });
  await page.goBack();
  await page.getByRole('link', { name: `tag ${TAGS[0]}` }).click();
  expect(await conditionsOf(page)).toEqual({ tag: TAGS[0] });
  await page.goto(`/dashboard/jobs/${failed}/edit`);
  const width = (await page.getByRole('link', { name: failed, exact: true }).boundingBox())?.width ?? 0;
  expect(width).toBeLessThan(100);
  expect(await accessibilityFaults(page)).toEqual([]);
});

test('failures, dead letters and workers name errors, types and workers as links', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '/failures?window=1h&type=sleep', adminKey);
  await page.locator('.failure-group').getByRole('link', { name: 'Error', exact: true }).first().click();
  expect(await conditionsOf(page)).toEqual({ type: 'sleep', errorName: 'Error' });
  await page.goto('/dashboard/failures?show=dead-letters&type=sleep');
  await page.locator('tbody').getByRole('link', { name: 'Error', exact: true }).first().click();
  expect(await conditionsOf(page)).toEqual({ type: 'sleep', errorName: 'Error' });
  await page.goto('/dashboard/workers');
  // A job of that type that runs is a link of the same name.
  await page.getByRole('row').locator('a[href$="/types/sleep"]').first().click();
  await page.getByRole('heading', { name: 'sleep', level: 1 }).waitFor();
});
