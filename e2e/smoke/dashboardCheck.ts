import assert from 'node:assert/strict';
import { JobstreamClient } from '@jobstream/client';
import type { resolveChromium } from '@jobstream/servers';
import { eventually, type RunningSystem } from '@jobstream/test-support';
import { chromium, type Page } from 'playwright-core';
import { watchFaults } from '../dashboard/browser.ts';
import { checkServedPage } from '../harness/checkServedPage.ts';
import type { Check } from '../harness/runChecks.ts';
import { NotInstalledError } from '../harness/runInstaller.ts';

/** Reached only by what hangs. */
const HANGS_MS = 240_000;
/** It is built at a low priority, so a machine with much else to do takes its time; each time too early is a warning of the API. */
const BUILD = { timeoutMs: 540_000, intervalMs: 1_000 };
const TYPE = 'thumbnail';

/** The dashboard of `npm start`, which builds it while it runs, shows the job of README.md. */
export function dashboardCheck(starting: Promise<RunningSystem>, browser: ReturnType<typeof resolveChromium>): Check {
  return {
    name: 'the dashboard shows the job in Chromium',
    run: async () => {
      const found = await browser;
      if ('missing' in found) throw new NotInstalledError(found.missing);
      const { api } = await starting;
      // Its sandbox does not work for root, and the pages are our own.
      const options = { executablePath: found.binary, args: ['--no-sandbox'], timeout: HANGS_MS };
      const [launched, id] = await Promise.all([chromium.launch(options), completedJob(api), builtPage(api)]);
      await using _closed = { [Symbol.asyncDispose]: () => launched.close() };
      const page = await launched.newPage();
      page.setDefaultTimeout(HANGS_MS);
      const faults = watchFaults(page, api);
      await openJob(page, api, id);
      assert.deepEqual(faults, { errors: [], foreignRequests: [] });
    },
  };
}

function builtPage(api: string): Promise<void> {
  return eventually(() => checkServedPage(api), BUILD);
}

/** Returns its id as soon as the table has it. */
function completedJob(api: string): Promise<string> {
  const { jobs } = new JobstreamClient({ url: api });
  return eventually(async () => {
    const [job] = (await jobs.listPage({ type: TYPE, status: 'completed' })).items;
    assert.ok(job, `the table has no completed job of the type ${TYPE}`);
    return job.id;
  });
}

/** Finds it in the list of jobs and goes to its own page. */
async function openJob(page: Page, api: string, id: string): Promise<void> {
  await page.goto(`${api}/dashboard/jobs`);
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('completed').waitFor();
  await row.getByRole('link', { name: id }).click();
  await page.getByRole('heading', { name: `completed ${TYPE}` }).waitFor();
  await page.locator('.contents').getByText('5400').waitFor();
  await page.locator('.history').getByText('JobCompleted').first().waitFor();
}
