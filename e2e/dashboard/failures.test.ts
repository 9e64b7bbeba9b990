import type { CreatedJob } from '@jobstream/client';
import { eventually } from '@jobstream/test-support';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { whileTheTableLags } from './tableLag.ts';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, postgres, client, createKey, openPage, logIn, prepare } = useDashboard();
const COUNT = 6;
const jobs: Pick<CreatedJob, 'id'>[] = [];

/** A deploy renamed a field, and one customer sends the old one. */
prepare(async () => {
  await client.types.setPayloadCheck('email', 'warn');
  const batch = Array.from({ length: COUNT }, (_, n) => {
    const payload = { recipient: customerOf(n), subject: 'Invoice' };
    return { type: 'email', payload, tags: ['globex'] };
  });
  await eventually(async () => void jobs.push(...(await client.jobs.createBatch(batch))));
  for (const { id } of jobs) await client.jobs.waitForCompletion(id);
  await client.types.setPayloadCheck('email', 'refuse');
  await untilListed(client, { tag: 'globex', status: 'failed' }, ({ length }) => length === COUNT);
});

function customerOf(index: number): string {
  return `customer-${index}@example.com`;
}

/** The group of the jobs of this file. */
function groupOf(page: Page) {
  return page
    .getByRole('listitem')
    .filter({ hasText: 'email' })
    .filter({ hasText: `${COUNT} jobs` });
}

/** How many failures the later half of the chart of the group has. */
async function recentlyFailed(page: Page): Promise<number> {
  const bars = await groupOf(page).getByRole('img').locator('rect title').allTextContents();
  const counts = bars.map((title) => Number(title.split(': ').at(-1)));
  return counts.slice(counts.length / 2).reduce((sum, count) => sum + count, 0);
}

test('a renamed field is mended from the overview: one job by hand, the others with the same change', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, '', adminKey);
  faultsOfLogin(faults.errors);
  const before = faults.errors.length;
  let clicks = 0;
  const click = async (role: 'link' | 'button', name: RegExp | string) => {
    clicks += 1;
    await page.getByRole(role, { name }).click();
  };
  clicks += 1;
  await page
    .getByRole('definition')
    .filter({ has: page.locator('a[href*="failures"]') })
    .getByRole('link')
    .click();
  await groupOf(page).getByRole('img').waitFor();
  expect(await recentlyFailed(page)).toBe(COUNT);
  expect(await accessibilityFaults(page)).toEqual([]);
  const edit = groupOf(page).getByRole('link', { name: /Edit and retry one/ });
  expect(await edit.getAttribute('href')).toContain('failure=');
  clicks += 1;
  await edit.click();
  await page.getByText('is required').or(page.getByText('required property')).first().waitFor();
  const editor = page.getByLabel('Payload', { exact: true });
  await editor.fill((await editor.inputValue()).replace('"recipient"', '"to"'));
  await page.getByText('matches the schema').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await whileTheTableLags(postgres, async () => {
    await click('button', 'Retry with this payload');
    await page.getByText('It is completed').waitFor();
  });
  const others = page.getByRole('link', { name: /Same for the \d+ others/ });
  expect(await others.textContent()).toContain(`the ${COUNT - 1} others`);
  await click('link', `Same for the ${COUNT - 1} others`);
  await page.getByText('Accepted for this job').waitFor();
  expect(page.url()).not.toMatch(/recipient|customer/);
  await page.reload();
  expect(await page.getByLabel('Path', { exact: true }).inputValue()).toBe('/recipient');
  expect(await page.getByLabel('New path').inputValue()).toBe('/to');
  expect(await page.getByLabel(/^Patch of the payloads/).inputValue()).toBe('');
  await page.getByText('Accepted for this job').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await click('button', `Retry ${COUNT - 1} jobs`);
  await page.getByText('completed').first().waitFor();
  await page.getByText(`${COUNT - 1} done, 0 skipped, 0 failed`).waitFor();
  expect(clicks).toBe(5);
  expect(faults.errors.slice(before)).toEqual([]);
  for (const [index, { id }] of jobs.entries()) {
    const { status, payload } = await client.jobs.waitForCompletion(id);
    expect({ status, payload }).toEqual({
      status: 'completed',
      payload: { to: customerOf(index), subject: 'Invoice' },
    });
  }
});

/** The browser itself reports the answer by which the page knows that it has to log in. */
function faultsOfLogin(errors: readonly string[]): void {
  expect(errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
}

test('what the jobs of a group share and others of the type do not is named with counts, as far as it was compared', async (context) => {
  const failing = { type: 'webhook', payload: { url: 'http://127.0.0.1:9/' }, maxAttempts: 1 };
  // More than other files of tests leave in this group, in whose system they run.
  const deployed = Array.from({ length: 12 }, (_, index) => ({
    ...failing,
    tags: [`customer:customer-${index}`, 'release:2.4.0'],
  }));
  const earlier = { ...failing, payload: { url: 'no address' }, tags: ['release:2.3.0'] };
  const [made] = await client.jobs.createBatch([...deployed, earlier]);
  await untilListed(client, { tag: 'release:2.4.0', status: 'failed' }, ({ length }) => length === deployed.length);
  await untilListed(client, { tag: 'release:2.3.0', status: 'failed' }, ({ length }) => length === 1);
  const { page } = await openPage(context);
  await logIn(page, '/failures?window=1h&type=webhook', adminKey);
  const item = page.getByRole('listitem').filter({ hasText: 'release:2.4.0' }).last();
  await item.getByText(/^release:2\.4\.0: 12 of \d+, elsewhere 0 of \d+$/).waitFor();
  await page
    .getByText(/at most 1,000 of each/)
    .first()
    .waitFor();
  await item.getByRole('link', { name: 'release:2.4.0' }).click();
  await page
    .getByRole('row')
    .filter({ hasText: made?.id ?? '' })
    .waitFor();
  expect(new URL(page.url()).searchParams.get('tag')).toBe('release:2.4.0');
});

test('who may only read is offered the jobs of a group, and no changes', async (context) => {
  const { id } = await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } });
  await client.jobs.waitForCompletion(id);
  const { page } = await openPage(context);
  const { key } = await createKey({ scopes: ['jobs:read'] });
  const asked = page.waitForRequest('**/api/failures?*');
  await logIn(page, '/failures?window=1h&type=webhook', key);
  expect(new URL((await asked).url()).searchParams.get('window')).toBe('1h');
  const group = page.getByRole('listitem').filter({ hasText: 'webhook' }).first();
  await group.getByRole('link', { name: 'Last job' }).waitFor();
  expect(await page.getByRole('link', { name: /retry/i }).count()).toBe(0);
  await group.getByRole('link', { name: /\d+ jobs?$/ }).click();
  await page.getByRole('row').filter({ hasText: id }).waitFor();
  expect(await page.getByRole('checkbox').count()).toBe(0);
  const name = new URL(page.url()).searchParams.get('failure') ?? '';
  expect(name).toMatch(/^webhook-[a-z]+-[a-z0-9-]+-[0-9a-f]{16}$/);
  expect(await page.title()).toBe(`${name} · Jobs · Jobstream`);
  await page.goto(`/dashboard/jobs?failure=${name.slice(-16)}`);
  await page.getByRole('row').filter({ hasText: id }).waitFor();
  await page.goto(`/dashboard/jobs/${id}/edit`);
  await page.getByText('Changes need the scope jobs:write').waitFor();
});
