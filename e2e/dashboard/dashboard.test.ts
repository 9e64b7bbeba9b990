import { rm } from 'node:fs/promises';
import { JobstreamClient } from '@jobstream/client';
import { eventually, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { runCommand } from '@jobstream/servers';
import { accessibilityFaults, startBrowser, watchFaults, type PageFaults } from './browser.ts';

let dataDir: string;
let system: RunningSystem;
let browser: Browser | undefined;
let missing = '';
let client: JobstreamClient;
const keys = { admin: '', reader: '' };
const ids = { completed: '', failed: '', waiting: '' };

beforeAll(async () => {
  const started = await startBrowser();
  if ('missing' in started) return void (missing = started.missing);
  browser = started;
  dataDir = await scratchDataFolder('dashboard');
  system = await startSystem(dataDir, { AUTH: 'required', DASHBOARD: 'true' });
  keys.admin = await createKey('admin');
  keys.reader = await createKey('jobs:read');
  client = new JobstreamClient({ url: system.api, credentials: keys.admin });
  await seed();
  await eventually(pageIsBuilt, { timeoutMs: 300_000 });
}, 420_000);

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
});

async function pageIsBuilt(): Promise<void> {
  const { status } = await fetch(`${system.api}/dashboard`);
  if (status !== 200) throw new Error(`the page is answered ${status}`);
}

async function createKey(scopes: string): Promise<string> {
  const args = ['tools/keys.ts', 'create', '--name', 'page', '--scopes', scopes];
  return (await runCommand(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })).trim();
}

/** One job of each kind that the views tell apart. */
async function seed(): Promise<void> {
  const payload = { to: 'user@example.com', order: { id: 4711, lines: ['A-1', 'B-7'] } };
  ids.completed = (await client.jobs.create({ type: 'email', payload, tags: ['acme'] })).id;
  ids.failed = (await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } })).id;
  ids.waiting = (await client.jobs.create({ type: 'thumbnail', payload: { width: 200 } })).id;
  await client.schedules.create({ name: 'nightly', cron: '0 3 * * *', job: { type: 'email', payload } });
  await Promise.all([ids.completed, ids.failed].map((id) => client.jobs.waitForCompletion(id)));
}

interface OpenPage {
  readonly page: Page;
  readonly faults: PageFaults;
}

/** A page of a browser without cookies; it is closed after the test. */
async function openPage(context: TestContext, colorScheme: 'light' | 'dark' = 'light'): Promise<OpenPage> {
  if (browser === undefined) throw new Error(missing);
  const surroundings = await browser.newContext({ colorScheme, baseURL: `${system.api}/dashboard` });
  context.onTestFinished(() => surroundings.close());
  const page = await surroundings.newPage();
  return { page, faults: watchFaults(page, system.api) };
}

async function logIn(page: Page, view: string, key: string): Promise<void> {
  await page.goto(`${system.api}/dashboard${view}`);
  await page.getByLabel('API key or token').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
}

beforeEach((context) => {
  if (missing !== '' && process.env['CI'] === undefined) context.skip(missing);
});

const views = (): readonly (readonly [view: string, shows: string])[] => [
  ['', 'Backlog'],
  ['/jobs', ids.completed],
  ['/jobs?status=cancelled', 'No jobs with status=cancelled'],
  [`/jobs/${ids.failed}`, 'unrecoverable'],
  ['/types', 'no worker'],
  ['/workers', 'live'],
  ['/schedules', 'nightly'],
];

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test('every view is accessible, asks no other server, and writes no errors', async (context) => {
    const { page, faults } = await openPage(context, theme);
    await page.goto(`${system.api}/dashboard`);
    await page.getByLabel('API key or token').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await logIn(page, '', keys.admin);
    for (const [view, shows] of views()) {
      await page.goto(`${system.api}/dashboard${view}`);
      await page.getByText(shows).first().waitFor();
      expect({ view, faults: await accessibilityFaults(page) }).toEqual({ view, faults: [] });
    }
    expect(faults.foreignRequests).toEqual([]);
    // The browser itself reports the answer by which the page knows that it has to log in.
    expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
  });
});

test('a job can be found by its id with the keyboard alone, and cancelled with a reason', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '', keys.admin);
  await page.keyboard.press('/');
  await page.keyboard.type(ids.waiting);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await page.getByLabel('Reason').fill('not needed');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel job' }).click();
  await page.getByRole('button', { name: 'Retry job' }).waitFor();
  await page.getByText('not needed', { exact: true }).waitFor();
  const [last] = (await client.jobs.history(ids.waiting)).slice(-1);
  expect(last).toMatchObject({ event: 'JobCancelled', data: { reason: 'not needed' } });
});

test('a list changes its rows in place, and offers new jobs instead of moving them in', async (context) => {
  const { page } = await openPage(context);
  const { id } = await client.jobs.create({ type: 'live', payload: {} });
  await eventually(async () => expect((await client.jobs.listPage({ type: 'live' })).items).toHaveLength(1));
  const connected = page.waitForResponse('**/api/events');
  await logIn(page, '/jobs?type=live', keys.reader);
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('pending').waitFor();
  await connected;
  await client.jobs.cancel(id);
  await row.getByText('cancelled').waitFor();
  const second = await client.jobs.create({ type: 'live', payload: {} });
  const offer = page.getByRole('button', { name: 'Show 1 more job' });
  await offer.waitFor();
  expect(await page.getByText(second.id).count()).toBe(0);
  await offer.click();
  await page.getByText(second.id).waitFor();
});

test('who may only read is offered no changes', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${ids.failed}`, keys.reader);
  await page.getByText('Read-only').waitFor();
  expect(await page.getByRole('button', { name: 'Retry job' }).count()).toBe(0);
});

test('a login is a cookie that scripts cannot read, and ends with a logout', async (context) => {
  const { page } = await openPage(context);
  await page.goto(`${system.api}/dashboard`);
  await page.getByLabel('API key or token').fill('jsk_wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText('Invalid credentials').waitFor();
  await logIn(page, '', keys.reader);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', expires: -1 });
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API key or token').waitFor();
  expect(await page.context().cookies()).toEqual([]);
});
