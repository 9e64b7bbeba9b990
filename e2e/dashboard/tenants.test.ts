import { randomUUID } from 'node:crypto';
import type { JobstreamClient } from '@jobstream/client';
import { expect, test, type TestContext } from 'vitest';
import { untilListed } from './untilListed.ts';
import { useDashboard } from './dashboardStage.ts';

const { clientWith, createKey, openPage, logIn, prepare } = useDashboard();
const [acme, globex] = [tenantNamed('acme'), tenantNamed('globex')];
/** The demo's worker cannot reach it, so that its jobs fail. */
const UNREACHABLE = { type: 'webhook', payload: { url: 'http://127.0.0.1:9/' }, maxAttempts: 1 };
const WAITING = { type: `shared-${randomUUID()}` };

interface Tenant {
  readonly name: string;
  key: string;
  client: JobstreamClient;
  waiting: string;
}

function tenantNamed(name: string): Tenant {
  return { name: `${name}-${randomUUID()}`, key: '', client: clientWith(''), waiting: '' };
}

/** Both have waiting jobs of the same type, and failed ones: the one has one, the other two. */
prepare(async () => {
  for (const [tenant, failures] of [
    [acme, 1],
    [globex, 2],
  ] as const) {
    tenant.key = (await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: tenant.name })).key;
    tenant.client = clientWith(tenant.key);
    tenant.waiting = (await tenant.client.jobs.create(WAITING)).id;
    await tenant.client.jobs.createBatch(Array.from({ length: failures }, () => UNREACHABLE));
    await untilListed(tenant.client, { status: 'failed' }, ({ length }) => length === failures);
    await untilListed(tenant.client, WAITING, ({ length }) => length === 1);
  }
});

async function pageOf(context: TestContext, tenant: Tenant, view: string) {
  const { page } = await openPage(context);
  await logIn(page, view, tenant.key);
  return page;
}

test.for([
  [acme, globex, 1],
  [globex, acme, 2],
] as const)('a tenant sees its own jobs and failures alone', async ([own, other, failures], context) => {
  const page = await pageOf(context, own, `/jobs?type=${WAITING.type}`);
  await page.getByText('1 that match').waitFor();
  expect(await page.locator('[data-row]').allTextContents()).toEqual([own.waiting]);
  await page.getByRole('link', { name: 'Failures' }).click();
  await page.getByText(`${failures} ${failures === 1 ? 'job has' : 'jobs have'} failed, in 1 group`).waitFor();
  await page.getByRole('link', { name: 'Dead letters' }).click();
  await expect.poll(() => page.getByRole('link', { name: /^Edit and retry/ }).count()).toBe(failures);
  await page.goto(`/dashboard/jobs/${other.waiting}`);
  await page.getByRole('alert').getByText('belong to another tenant').waitFor();
  await page.goto(`/dashboard/jobs/${own.waiting}`);
  await page.getByRole('heading', { name: WAITING.type }).waitFor();
  for (const view of ['Types', 'Workers', 'Proof', 'Keys']) {
    expect(await page.getByRole('navigation').getByRole('link', { name: view, exact: true }).count()).toBe(0);
  }
});

test('the feed of a tenant tells of its own jobs alone', async (context) => {
  const page = await pageOf(context, acme, `/jobs?type=${WAITING.type}`);
  const row = page.getByRole('row').filter({ hasText: acme.waiting });
  await row.getByText('pending').waitFor();
  await globex.client.jobs.create(WAITING);
  await globex.client.jobs.cancel(globex.waiting);
  await acme.client.jobs.create(WAITING);
  // Events come in the order of the log, so the jobs of the other would be offered by now.
  await page.getByRole('button', { name: /^Show [\d,]+ more job/ }).waitFor();
  expect(await page.getByRole('button', { name: /^Show/ }).textContent()).toBe('Show 1 more job');
  await acme.client.jobs.cancel(acme.waiting);
  await row.getByText('cancelled').waitFor();
});
