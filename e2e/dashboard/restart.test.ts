import { rm } from 'node:fs/promises';
import { JobstreamClient } from '@jobstream/client';
import {
  eventually,
  freePort,
  PATIENT,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
} from '@jobstream/test-support';
import { afterAll, expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { whileTheTableLags } from './tableLag.ts';

const { pageFolder, openPage, prepare } = useDashboard();

let dataDir: string;
let system: RunningSystem;
let settings: Record<string, string>;

prepare(async () => {
  dataDir = await scratchDataFolder('restart');
  // A read waits for two fifths of this time for what was changed before it.
  settings = {
    ...PATIENT,
    REQUEST_TIMEOUT_MS: '15000',
    PORT: String(await freePort()),
    DASHBOARD: 'true',
    DASHBOARD_DIR: pageFolder,
  };
  system = await startSystem(dataDir, settings);
});

afterAll(async () => {
  await system?.stop();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
});

test('a page says that the API is away, and shows what happened when it is back', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  const { jobs } = new JobstreamClient({ url: system.api, jobWarnings: false });
  const { id } = await jobs.create({ type: 'restart', payload: {} });
  await eventually(async () => expect((await jobs.listPage({ type: 'restart' })).items).toHaveLength(1));
  await page.goto('/dashboard/jobs?type=restart');
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('pending').waitFor();
  expect(await system.stop()).toBe(0);
  const notice = page.getByText('The API does not answer');
  await notice.waitFor();
  await row.getByText('pending').waitFor();
  await page.context().setOffline(true);
  system = await startSystem(dataDir, settings);
  await jobs.cancel(id);
  await eventually(async () => expect((await jobs.listPage({ status: 'cancelled' })).items).toHaveLength(1));
  await page.context().setOffline(false);
  await row.getByText('cancelled').waitFor();
  await notice.waitFor({ state: 'detached' });
});

test('a view that is not loaded yet says that the API is away, within the page, and is shown when it is back', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  await page.goto('/dashboard/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await system.stop()).toBe(0);
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByText('this view is not loaded yet').waitFor();
  await page.getByRole('navigation', { name: 'Views', exact: true }).waitFor();
  system = await startSystem(dataDir, settings);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Schedules', level: 1 }).waitFor();
});

test('jobs that a list is asked to show are waited for where the table has them later than the feed', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  const { jobs } = new JobstreamClient({ url: system.api, jobWarnings: false });
  const connected = page.waitForResponse('**/api/events*');
  await page.goto('/dashboard/jobs?type=later');
  await connected;
  await page.getByText('No jobs with').waitFor();
  const shown = await whileTheTableLags(system.postgres, async () => {
    const { id } = await jobs.create({ type: 'later', payload: {} });
    const read = page.waitForRequest('**/api/jobs?*');
    await page.getByRole('button', { name: 'Show 1 more job' }).click();
    await read;
    return page.getByRole('row').filter({ hasText: id });
  });
  await shown.getByText('pending').waitFor();
  expect(await page.getByRole('button', { name: /^Show/ }).count()).toBe(0);
});

test('a page says how old the table is when it lacks what was changed', async (context) => {
  const { page } = await openPage(context, { baseURL: system.api });
  const { jobs } = new JobstreamClient({ url: system.api, jobWarnings: false });
  const { id } = await jobs.create({ type: 'behind', payload: {} });
  await eventually(async () => expect((await jobs.listPage({ type: 'behind' })).items).toHaveLength(1));
  await page.goto(`/dashboard/jobs/${id}`);
  const notice = page.getByText(/The table is .* behind the log/);
  await whileTheTableLags(system.postgres, async () => {
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('cancelled').first().waitFor();
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await notice.waitFor();
  });
  await notice.waitFor({ state: 'detached' });
  await page.getByRole('row').filter({ hasText: id }).getByText('cancelled').waitFor();
});
