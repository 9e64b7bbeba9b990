import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const TYPE = 'seen-in-the-past';
const keys = { reader: '', writer: '' };
/** Just before the job was cancelled. */
const moment = { asOf: '', job: '' };

stage.prepare(async () => {
  keys.reader = (await stage.createKey({ scopes: ['jobs:read'] })).key;
  keys.writer = (await stage.createKey({ scopes: ['jobs:read', 'jobs:write'] })).key;
  const { id } = await client.jobs.create({ type: TYPE });
  await client.jobs.cancel(id);
  const [, cancelled] = await client.jobs.history(id);
  if (cancelled === undefined) throw new Error('the job was not cancelled');
  Object.assign(moment, { asOf: new Date(Date.parse(cancelled.recordedAt) - 1).toISOString(), job: id });
});

test('the overview counts the jobs of a past moment, says so, and leads back', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/?asOf=${moment.asOf}`, keys.reader);
  await page.getByText('You look at the past: as it was at').waitFor();
  const row = page.getByRole('row').filter({ hasText: TYPE });
  const counts = row.getByRole('link');
  await counts.waitFor();
  await counts.click();
  await page.getByRole('row').filter({ hasText: moment.job }).getByText('pending').waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.getByText('Table behind the log').waitFor();
  expect(new URL(page.url()).searchParams.get('asOf')).toBeNull();
});

test('the list of a past moment offers no changes, keeps its time when it is narrowed, and leads back', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs?type=${TYPE}&asOf=${moment.asOf}`, keys.writer);
  const row = page.getByRole('row').filter({ hasText: moment.job });
  await row.getByText('pending').waitFor();
  expect(await page.getByRole('region', { name: 'Chosen jobs' }).count()).toBe(0);
  for (const control of [page.getByLabel('Order'), page.getByRole('button', { name: 'Times…' })]) {
    expect(await control.isDisabled()).toBe(true);
    expect(await control.getAttribute('title')).toContain('go back to now first');
  }
  await page.getByRole('combobox', { name: 'Add a filter' }).fill('acme');
  await page.getByRole('option', { name: 'tag acme' }).waitFor();
  expect(await page.getByRole('option', { name: /^error|^worker|^code/ }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: `Remove type ${TYPE}` }).click();
  await row.getByText('pending').waitFor();
  expect(new URL(page.url()).searchParams.get('asOf')).toBe(moment.asOf);
  await page.goBack(); // today the jobs of other types may be more than a page
  await page.getByRole('link', { name: `Remove type ${TYPE}` }).waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await row.getByText('cancelled').waitFor();
  await page.getByRole('region', { name: 'Chosen jobs' }).waitFor();
});

test('the slider goes back, and the past is played forward until now', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '', keys.reader);
  const slider = page.getByRole('slider', { name: 'As it was at' });
  const reach = await reachOf();
  await expect.poll(async () => Number(await slider.getAttribute('min'))).toBe(Math.floor(reach / 60_000) * 60_000);
  await slider.press('ArrowLeft');
  await page.getByText('You look at the past').waitFor();
  // It is still the one that was pressed, so that it can be pressed or drawn on.
  expect(await slider.evaluate((element) => element.matches(':focus'))).toBe(true);
  expect(Date.parse(new URL(page.url()).searchParams.get('asOf') ?? '')).toBeGreaterThanOrEqual(reach);
  await page.getByRole('button', { name: 'Play forward' }).click();
  await page.getByText('You look at the past').waitFor({ state: 'detached' });
  await page.getByText('Table behind the log').waitFor();
});

test('ages count from the moment that is shown', async (context) => {
  const { page } = await stage.openPage(context);
  await page.clock.setFixedTime(Date.now() + 2 * 86_400_000);
  const created = page.getByRole('row').filter({ hasText: moment.job }).getByRole('time');
  await stage.logIn(page, `/jobs?type=${TYPE}`, keys.reader);
  expect(await created.textContent()).toBe('2d ago');
  await page.goto(`/dashboard/jobs?type=${TYPE}&asOf=${moment.asOf}`);
  await page.getByText('You look at the past').waitFor();
  expect(await created.textContent()).toMatch(/^(now|[\d.]+ m?s ago)$/);
});

test('a time that is typed is looked at, and what happens meanwhile changes nothing of the past', async (context) => {
  const { page } = await stage.openPage(context);
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000);
  const local = new Date(minute.getTime() - minute.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  await stage.logIn(page, '', keys.reader);
  await page.getByLabel('Date and time').fill(local);
  await page.getByText('You look at the past').waitFor();
  const looksAt = Date.parse(new URL(page.url()).searchParams.get('asOf') ?? '');
  expect(looksAt).toBe(Math.max(minute.getTime(), await reachOf()));
  const present = await page.context().newPage();
  await page.goto(`/dashboard/jobs?type=${TYPE}&asOf=${moment.asOf}`);
  await present.goto(`/dashboard/jobs?type=${TYPE}`);
  const rowOf = (one: typeof page) => one.getByRole('row').filter({ hasText: moment.job });
  await rowOf(page).getByText('pending').waitFor();
  await rowOf(present).getByText('cancelled').waitFor();
  await client.jobs.retry(moment.job);
  await rowOf(present).getByText('pending').waitFor();
  await client.jobs.cancel(moment.job);
  await rowOf(present).getByText('cancelled').waitFor();
  expect(await rowOf(page).getByText('cancelled').count()).toBe(0);
});

test('jobs whose state of then is not known are counted, and where a whole page is of them the next one is offered', async (context) => {
  const { page } = await stage.openPage(context);
  const asOf = { sequence: 1, earliest: moment.asOf };
  const lost = { items: [], unknown: 100, nextCursor: 'cGFzdCA0', asOf };
  const job = await client.jobs.get(moment.job);
  const rest = { items: [job], unknown: 2, nextCursor: null, asOf };
  await page.route(/api\/jobs\?.*limit=100/, (route) => {
    const isNext = new URL(route.request().url()).searchParams.has('cursor');
    return route.fulfill({ json: isNext ? rest : lost });
  });
  await stage.logIn(page, `/jobs?type=${TYPE}&asOf=${moment.asOf}`, keys.reader);
  await page.getByText('100 jobs of this time are left out: the log has lost').waitFor();
  expect(await page.getByText('There were no such jobs').count()).toBe(0);
  await page.getByRole('button', { name: 'Look further' }).click();
  await page.getByRole('row').filter({ hasText: moment.job }).waitFor();
  await page.getByText('102 jobs of this time are left out').waitFor();
  expect(await page.getByRole('button', { name: 'Look further' }).count()).toBe(0);
});

test('a moment that is too far back is refused in a sentence', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/?asOf=2001-01-01T00:00:00Z', keys.reader);
  await page.getByRole('alert').getByText('Invalid').waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.getByText('Table behind the log').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('the past is accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, `/?asOf=${moment.asOf}`, keys.reader);
    await page.getByRole('row').filter({ hasText: TYPE }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

/** How far back the past reaches, in milliseconds. */
async function reachOf(): Promise<number> {
  return Date.parse((await client.stats()).pastFrom ?? '');
}
