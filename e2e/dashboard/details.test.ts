import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, clientWith, createKey, logIn, logOut, openPage, prepare } = useDashboard();
const TYPE = 'detailed';
let id = '';

prepare(async () => {
  ({ id } = await client.jobs.create({ type: TYPE, tags: ['one'] }));
  await client.jobs.create({ type: TYPE, tags: ['other'] });
  await untilListed(client, { type: TYPE }, ({ length }) => length === 2);
});

/** The status and the number that stand in a link of the statuses. */
function statusLink(page: Page, status: string) {
  return page.getByRole('navigation', { name: 'Status' }).getByRole('link', { name: status });
}

test('statuses are counted by the type, and not at all where other conditions would count', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${TYPE}`, adminKey);
  await expect.poll(() => statusLink(page, 'pending').textContent()).toBe('pending2');
  await page.goto(`/dashboard/jobs?type=${TYPE}&tag=one`);
  await page.getByRole('row').filter({ hasText: id }).waitFor();
  expect(await statusLink(page, 'pending').textContent()).toBe('pending');
});

test('each view has a title, and that of a job begins with its id', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '/', adminKey);
  await expect.poll(() => page.title()).toBe('Overview · Jobstream');
  await page.goto(`/dashboard/jobs/${id}`);
  await expect.poll(() => page.title()).toBe(`${id.slice(-8)} · Jobs · Jobstream`);
  await page.goto(`/dashboard/types/${TYPE}`);
  await expect.poll(() => page.title()).toBe(`${TYPE} · Types · Jobstream`);
});

test.for([
  ['completed', ['Replay…']],
  ['pending', ['Cancel…']],
  ['failed', ['Retry…', 'Replay…']],
] as const)('of jobs that are %s no more is offered than they take', async ([status, offered], context) => {
  const { page } = await openPage(context);
  await page.route(/api\/jobs\?/, async (route) => {
    const answer = await route.fetch({ url: route.request().url().replace(`status=${status}`, `type=${TYPE}`) });
    await route.fulfill({ response: answer });
  });
  await logIn(page, `/jobs?status=${status}`, adminKey);
  const bar = page.getByRole('region', { name: 'Chosen jobs' });
  await bar.getByRole('link').first().waitFor();
  expect(await bar.getByRole('link').allTextContents()).toEqual(offered);
});

test('the filters that are offered lie above the rows and their checkboxes', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${TYPE}`, adminKey);
  const checkbox = page.getByRole('checkbox', { name: /^Choose [0-9a-f]/ }).first();
  await checkbox.waitFor();
  const place = await checkbox.boundingBox();
  if (place === null) throw new Error('there is no row');
  // The longest list of options lies above the first rows.
  await page.getByRole('combobox', { name: 'Add a filter' }).click();
  await page.getByRole('option').first().waitFor();
  const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
  expect(await page.evaluate(`document.elementFromPoint(${x}, ${y}).closest('.options') !== null`)).toBe(true);
});

test('what a stranger wrote is isolated, and what a field asks for can be read', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?type=${TYPE}`, adminKey);
  await page.getByRole('row').filter({ hasText: id }).waitFor();
  // The list is read again meanwhile, and has no such element for a moment.
  const styleOf = (selector: string, property: string, part = 'null') =>
    page.evaluate(
      `[...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one, ${part}).${property})[0]`,
    );
  await expect.poll(() => styleOf('[role=row] .clip', 'unicodeBidi')).toBe('isolate');
  await expect.poll(() => styleOf('.dim', 'color')).toMatch(/rgb/);
  await expect.poll(() => styleOf('.filter-box', 'color', "'::placeholder'")).toBe(await styleOf('.dim', 'color'));
});

test('who did something is named by the name of the key, for those who may see the keys', async (context) => {
  const { id: keyId, key } = await createKey({ scopes: ['jobs:write', 'jobs:read'] });
  const name = (await client.keys.list()).find((one) => one.id === keyId)?.name ?? '';
  const job = await clientWith(key).jobs.create({ type: 'named', payload: {} });
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${job.id}`, adminKey);
  const actor = page.getByRole('row').filter({ hasText: 'JobCreated' });
  await actor.getByText(`key ${name}`).waitFor();
  expect(await actor.textContent()).not.toContain(keyId);
  await logOut(page);
  await logIn(page, `/jobs/${job.id}`, key);
  await actor.getByText(`key ${keyId}`).waitFor();
});
