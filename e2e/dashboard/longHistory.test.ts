import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { LONG_ATTEMPTS, LONG_EVENTS, plantLongJob } from './plantLongJob.ts';

const { adminKey, nats, client, openPage, logIn, prepare } = useDashboard();
/** As many as a page may have. */
const MOST_ELEMENTS = 3_000;
let jobId: string;

prepare(async () => {
  jobId = await plantLongJob({ client, nats, message: `the answer was ${'x'.repeat(4_000)} and then ended` });
});

const elementsOf = (page: Page) => page.locator('*').count();

test('a job of 10,000 events and 1,000 attempts shows the first and the last, and more where that is asked for', async (context) => {
  const { page, faults } = await openPage(context);
  await logIn(page, `/jobs/${jobId}`, adminKey);
  const before = faults.errors.length;
  const rows = page.locator('tr[id^="event-"]');
  await rows.nth(99).waitFor();
  expect([await rows.first().getAttribute('id'), await rows.last().getAttribute('id')]).toEqual([
    'event-1',
    `event-${LONG_EVENTS}`,
  ]);
  expect(await rows.count()).toBe(100);
  expect(await elementsOf(page)).toBeLessThanOrEqual(MOST_ELEMENTS);
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByRole('button', { name: '9,900 events in between: show more' }).click();
  await page.getByRole('button', { name: '9,800 events in between: show more' }).waitFor();
  expect(await rows.count()).toBe(200);
  const lanes = page.locator('.timeline li:not(.left-out)');
  expect(await lanes.count()).toBe(50);
  await page.getByRole('button', { name: '950 attempts in between: show more' }).click();
  await expect.poll(() => lanes.count()).toBe(150);
  await page.getByLabel('Find in events').fill('no answer');
  await page.getByRole('button', { name: /events in between/ }).waitFor();
  expect(await elementsOf(page)).toBeLessThanOrEqual(MOST_ELEMENTS);
  expect(faults.errors.slice(before)).toEqual([]);
});

test('an event that an address or a key leads to is shown, though it lies between those that are', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${jobId}`, adminKey);
  await page.locator('#event-20').waitFor();
  expect(await page.locator('#event-5000').count()).toBe(0);
  await page.evaluate(`location.hash = '#event-5000'`);
  await page.locator('#event-5000').waitFor();
  expect(await page.locator('#event-4995').count()).toBe(1);
  await page.locator('#event-20 summary').focus();
  await page.keyboard.press('j');
  await expect.poll(() => page.evaluate(`document.activeElement?.closest('tr')?.id`)).toBe('event-21');
});

test('the log of one of many attempts is chosen by its number', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${jobId}`, adminKey);
  const attempt = page.getByRole('spinbutton', { name: 'Attempt' });
  expect(await attempt.inputValue()).toBe(String(LONG_ATTEMPTS));
  await attempt.fill('17');
  await expect.poll(() => new URL(page.url()).searchParams.get('log')).toBe('17');
});

test('long texts are folded until they are asked for', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${jobId}`, adminKey);
  const error = page.locator('.job-error');
  await error.getByText('the answer was').waitFor();
  expect(await error.textContent()).not.toContain('and then ended');
  await error.getByRole('button', { name: 'Show all 4.0 kB' }).click();
  await error.getByText('and then ended').waitFor();
});

test('a payload of 256 KB is folded, shown where that is asked for, and downloaded as it is', async (context) => {
  const payload = {
    text: `begin ${'y'.repeat(150_000)} end`,
    list: Array.from({ length: 1_000 }, (_, n) => ({ n, note: 'z'.repeat(60) })),
    small: { inside: 1 },
  };
  const { id } = await client.jobs.create({ type: 'large-payload', payload });
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${id}`, adminKey);
  const shown = page.locator('.contents section').first();
  const whole = shown.getByRole('button', { name: 'Show all 150 kB' });
  await whole.waitFor();
  expect(await elementsOf(page)).toBeLessThanOrEqual(MOST_ELEMENTS);
  expect(await shown.textContent()).not.toContain(' end"');
  expect(await shown.getByText('inside').count()).toBe(0);
  await whole.click();
  expect(await shown.textContent()).toContain(' end"');
  await shown.getByText('[ 1000 ]').click();
  await shown.getByRole('button', { name: 'Show more of 800' }).waitFor();
  expect(await elementsOf(page)).toBeLessThanOrEqual(MOST_ELEMENTS);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    shown.getByRole('link', { name: /^Download \d+ kB$/ }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${id}-payload.json`);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(payload);
});
