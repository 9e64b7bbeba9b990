import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const keys = { reader: '', scheduler: '' };

async function keyWith(...scopes: readonly string[]): Promise<string> {
  return (await stage.createKey({ scopes })).key;
}

stage.prepare(async () => {
  [keys.reader, keys.scheduler] = await Promise.all([keyWith('jobs:read'), keyWith('jobs:read', 'schedules:write')]);
  const job = { type: 'sleep', payload: { durationMs: 10 } };
  await client.schedules.create({ name: 'weekly-report', cron: '0 3 * * 1', timeZone: 'Europe/Berlin', job });
});

test('a schedule is run now, paused and changed, with reasons', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/schedules', keys.scheduler);
  const row = page.getByRole('row').filter({ hasText: 'weekly-report' });
  const dialog = page.getByRole('dialog');
  await row.getByRole('button', { name: 'Pause' }).click();
  await dialog.getByLabel('Reason').fill('no reports in the holidays');
  await dialog.getByRole('button', { name: 'Pause' }).click();
  await row.getByText('disabled').waitFor();
  await row.getByRole('button', { name: 'Change' }).click();
  await dialog.getByLabel('Cron expression').fill('30 4 * * 1');
  await dialog.getByLabel('Payload').fill('{"durationMs": 20}');
  await dialog.getByRole('button', { name: 'Change' }).click();
  await row.getByText('30 4 * * 1').waitFor();
  await row.getByRole('button', { name: 'Run now' }).click();
  await dialog.getByLabel('Reason').fill('asked for');
  await dialog.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('heading', { name: 'completed sleep' }).waitFor();
  await page.getByText('asked for').first().waitFor();
  expect(await client.schedules.get('weekly-report')).toMatchObject({
    enabled: false,
    cron: '30 4 * * 1',
    timeZone: 'Europe/Berlin',
    job: { payload: { durationMs: 20 } },
  });
  const reasons: unknown[] = [];
  for await (const { data } of client.schedules.events('weekly-report')) {
    if ('reason' in data) reasons.push(data.reason);
  }
  expect(reasons).toEqual(['no reports in the holidays']);
});

test('a change that is no cron expression says so, and changes nothing', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/schedules', keys.scheduler);
  await page.getByRole('button', { name: 'Change weekly-report' }).click();
  await page.getByLabel('Cron expression').fill('every monday');
  await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  await page.getByRole('alert').getByText('Invalid request').waitFor();
  expect((await client.schedules.get('weekly-report')).cron).not.toBe('every monday');
});

test('ticks that were missed are counted at the last one', async (context) => {
  const { page } = await stage.openPage(context);
  const schedule = await client.schedules.get('weekly-report');
  const lastTick = { tickAt: '2026-03-02T02:00:00.000Z', jobIds: [], skipped: 3 };
  const answer = { items: [{ ...schedule, lastTick }], nextCursor: null };
  await page.route('**/api/schedules*', (route) => route.fulfill({ json: answer }));
  await stage.logIn(page, '/schedules', keys.reader);
  const row = page.getByRole('row').filter({ hasText: 'weekly-report' });
  await row.waitFor();
  expect(await row.innerText()).toContain(', 3 missed');
});

test('who may only read is offered no changes', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/schedules', keys.reader);
  await page.getByText('weekly-report').waitFor();
  expect(await page.getByRole('button', { name: /Run now|Pause|Resume|Change/ }).count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('schedules and the form for a change are accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, '/schedules', stage.adminKey);
    await page.getByRole('row').filter({ hasText: 'weekly-report' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Change weekly-report' }).click();
    await page.getByLabel('Cron expression').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
