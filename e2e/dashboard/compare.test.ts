import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, client, logIn, openPage, prepare } = useDashboard();
const TAG = 'compared';
const MARKUP = '<img src=x onerror="document.title=1">';
let [succeeded, failed, other] = ['', '', ''];

prepare(async () => {
  const good = { type: 'sleep', payload: { durationMs: 20 }, tags: [TAG, 'eu'] };
  const bad = { type: 'sleep', payload: { durationMs: 10, failTimes: 1 }, tags: [TAG, 'us'], maxAttempts: 1 };
  succeeded = (await client.jobs.create(good)).id;
  await client.jobs.waitForCompletion(succeeded);
  failed = (await client.jobs.create(bad)).id;
  await client.jobs.waitForCompletion(failed);
  const payload = { text: MARKUP, long: 'y'.repeat(5_000), list: Array.from({ length: 600 }, (_, n) => n) };
  other = (await client.jobs.create({ type: 'nobody-compares', payload, tags: [TAG] })).id;
  await untilListed(
    client,
    { tag: TAG },
    (jobs) => jobs.map(({ status }) => status).join() === 'pending,failed,completed',
  );
});

test('a job is compared with the last that has succeeded by one click, and Esc leads back', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, `/jobs/${failed}`, adminKey);
  const before = faults.errors.length;
  const link = page.getByRole('link', { name: 'Compare with the last that succeeded' });
  await link.click();
  await page.getByText('The other one is the last sleep that has succeeded and shares 1 of 2 tags.').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/dashboard/jobs/${failed}/compare`);
  await expect.poll(() => page.title()).toBe(`compare · ${failed.slice(-8)} · Jobs · Jobstream`);
  const differences = page.getByRole('region', { name: 'Differences of the payload' });
  expect(await differences.locator('ins').allTextContents()).toEqual([
    expect.stringContaining('"durationMs": 10'),
    expect.stringContaining('"failTimes": 1'),
  ]);
  expect(await differences.locator('del').allTextContents()).toEqual([expect.stringContaining('"durationMs": 20')]);
  const facts = page.getByRole('row');
  await facts.filter({ hasText: 'Status' }).filter({ hasText: 'failedcompleted' }).waitFor();
  expect(await facts.filter({ hasText: 'Last attempt ran for' }).textContent()).toMatch(/ran for.*m?s.*m?s$/);
  await page.getByRole('region', { name: 'Error' }).getByText('"message"').waitFor();
  await page.getByRole('link', { name: 'The other way round' }).click();
  await page.waitForURL(`**/jobs/${succeeded}/compare/${failed}`);
  await expect.poll(() => differences.locator('del').count()).toBe(2);
  await page.keyboard.press('Escape');
  await page.getByText('The other one is the last sleep').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('a:focus', { hasText: 'Compare with the last that succeeded' }).waitFor();
  expect(faults.errors.slice(before)).toEqual([]);
});

test('any two jobs are compared: by an id, or as the two that are chosen in the list', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs?tag=${TAG}`, adminKey);
  for (const id of [failed, other]) await page.getByRole('checkbox', { name: `Choose ${id}` }).check();
  await page.getByRole('region', { name: 'Chosen jobs' }).getByRole('link', { name: 'Compare' }).click();
  await page.waitForURL(`**/jobs/${failed}/compare/${other}`);
  await page.getByRole('region', { name: 'Differences of the payload' }).waitFor();
  await page.getByLabel('Compare with another job').fill(`  ${succeeded.toUpperCase()} `);
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(`**/jobs/${failed}/compare/${succeeded}`);
  await expect.poll(() => page.getByText('"failTimes": 1').count()).toBe(1);
});

test('what payloads have stays text, and long values are folded', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${other}/compare/${failed}`, adminKey);
  const differences = page.getByRole('region', { name: 'Differences of the payload' });
  await differences.getByText(JSON.stringify(MARKUP)).waitFor();
  expect(await page.locator('main img').count()).toBe(0);
  await differences.getByRole('button', { name: 'Show all 5.0 kB' }).waitFor();
  await differences.getByRole('button', { name: /lines in between: show more/ }).waitFor();
  expect(await page.locator('*').count()).toBeLessThan(1_000);
  await page.getByText('The payload of both as a whole').click();
  await page.getByText('{ 3 }').waitFor();
});

test('where no other has succeeded, the page says so and takes an id', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${other}/compare`, adminKey);
  await page.getByText('No other job of the type nobody-compares has succeeded').waitFor();
  expect(await page.getByLabel('Compare with another job').isVisible()).toBe(true);
});

test('what is sealed cannot be compared, which is said', async (context) => {
  const { page } = await openPage(context);
  await page.route('**/comparison*', async (route) => {
    const answer = await route.fetch();
    const sealed = { payload: 'sealed', result: 'sealed', error: 'sealed' };
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), ...sealed } });
  });
  await logIn(page, `/jobs/${failed}/compare/${succeeded}`, adminKey);
  await page.getByText('The payload cannot be compared').waitFor();
  expect(await page.getByText('cannot be compared').count()).toBe(3);
  expect(await page.getByText('"durationMs"').count()).toBe(0);
});

test('an editor has what was typed beside the last that succeeded', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${failed}/edit`, adminKey);
  await page.getByLabel('Payload', { exact: true }).fill('{"durationMs": 30}');
  await page.getByText('Compare with the last that succeeded').click();
  const beside = page.getByRole('region', { name: 'Beside the last that succeeded' });
  await expect
    .poll(() => beside.locator('ins').allTextContents())
    .toEqual([expect.stringContaining('"durationMs": 30')]);
  await page.getByLabel('Payload', { exact: true }).fill('{"durationMs": 20}');
  await page.getByText('The payload is the same').waitFor();
});

test.for([
  ['light', 1_280],
  ['dark', 1_280],
  ['light', 390],
] as const)('the comparison is accessible in the %s theme, %d pixels wide', async ([colorScheme, width], context) => {
  const { page } = await openPage(context, { colorScheme, viewport: { width, height: 800 } });
  await logIn(page, `/jobs/${failed}/compare`, adminKey);
  await page.getByText('The other one is the last sleep').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.goto(`/dashboard/jobs/${failed}/compare/${other}`);
  await page.getByRole('region', { name: 'Differences of the payload' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
});
