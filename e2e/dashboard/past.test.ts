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
  await page.getByRole('link', { name: `Remove type ${TYPE}` }).click();
  await row.getByText('pending').waitFor();
  expect(new URL(page.url()).searchParams.get('asOf')).toBe(moment.asOf);
  await page.getByRole('button', { name: 'Back to now' }).click();
  await row.getByText('cancelled').waitFor();
  await page.getByRole('region', { name: 'Chosen jobs' }).waitFor();
});

test('the slider goes back, and the past is played forward until now', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '', keys.reader);
  await page.getByRole('slider', { name: 'As it was at' }).press('ArrowLeft');
  await page.getByText('You look at the past').waitFor();
  expect(new URL(page.url()).searchParams.get('asOf')).toMatch(/^\d{4}-/);
  await page.getByRole('button', { name: 'Play forward' }).click();
  await page.getByText('You look at the past').waitFor({ state: 'detached' });
  await page.getByText('Table behind the log').waitFor();
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
