import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';
import { shown, viewsOf } from './everyView.ts';

const { adminKey, client, openPage, logIn, prepare } = useDashboard();
/** What stands for the parameters of routes: a view with a new one names an example here. */
const examples: Record<string, string> = { type: 'accessible', name: 'accessible' };

/** What views show besides. */
const others: string[] = [];

prepare(async () => {
  const job = { type: 'accessible', payload: { order: { id: 4711, lines: ['A-1', 'B-7'] } }, tags: ['acme'] };
  examples['id'] = (await client.jobs.create(job)).id;
  await client.schedules.create({ name: 'accessible', cron: '0 3 * * *', job });
  const failing = await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } });
  await client.jobs.waitForCompletion(failing.id);
  examples['other'] = failing.id;
  others.push(`/jobs/${failing.id}`, '/jobs?type=none', '/jobs/00000000-0000-7000-8000-000000000000', '/nowhere');
  await eventually(async () => {
    if ((await client.jobs.listPage({ type: job.type })).items.length === 0) throw new Error('no list has the job');
  });
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('every view of the router is accessible, asks no other server, and writes no errors', async (context) => {
    const { page, faults } = await openPage(context, { colorScheme });
    await page.goto('/dashboard');
    await page.getByLabel('API key or token').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await logIn(page, '', adminKey);
    const views = await viewsOf(page, examples);
    expect(views).toContain(`/jobs/${examples['id']}`);
    for (const view of [...views, ...others]) {
      await page.goto(`/dashboard${view}`);
      await shown(page);
      expect({ view, faults: await accessibilityFaults(page) }).toEqual({ view, faults: [] });
    }
    expect(faults.foreignRequests).toEqual([]);
    // The browser itself reports the answers by which the page knows that it has to log in, and that there is no such thing.
    const expected = ['401 (Unauthorized)', '/api/jobs/00000000-', `/api/operations/${examples['id']}`];
    expect(faults.errors.filter((error) => !expected.some((part) => error.includes(part)))).toEqual([]);
  });
});
