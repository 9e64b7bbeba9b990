import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const keys = { reader: '', writer: '' };

async function keyWith(...scopes: readonly string[]): Promise<string> {
  return (await stage.createKey({ scopes })).key;
}

stage.prepare(async () => {
  [keys.reader, keys.writer] = await Promise.all([keyWith('jobs:read'), keyWith('jobs:read', 'jobs:write')]);
  await client.jobs.create({ type: 'without-schema' });
});

test('a type is paused with a reason, which is shown with who did it, and resumed', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/types/without-schema', stage.adminKey);
  await page.getByRole('button', { name: 'Pause without-schema' }).click();
  await page.getByLabel('Reason').fill('the partner is down');
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/by key .+, (now|.* ago)/).waitFor();
  await page.getByText('the partner is down').waitFor();
  await page.goto('/dashboard/types');
  const row = page.getByRole('row').filter({ hasText: 'without-schema' });
  await row.getByText('the partner is down').waitFor();
  await row.getByRole('button', { name: 'Resume' }).click();
  await row.getByText('no worker').waitFor();
  expect((await client.types.list()).find(({ type }) => type === 'without-schema')).toMatchObject({ paused: false });
});

test('a type says what its jobs get by its definition, and how that of another worker differs', async (context) => {
  const workers = [5, 4].map((maxAttempts) => {
    const worker = createWorker({ natsUrl: stage.nats });
    context.onTestFinished(() => worker.stop());
    return worker.handle(defineJob('differing', { payload: z.unknown(), maxAttempts }), () => undefined);
  });
  for (const worker of workers) await worker.start();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/types/differing', stage.adminKey);
  await page.getByText(/maxAttempts 4, as \S+ has announced/).waitFor();
  const difference = page.getByText(/^Its workers differ: /);
  await difference.waitFor();
  const sentence = /: jobs of differing get maxAttempts 4 from .+, which started last, but \S+ has maxAttempts 5\.$/;
  expect(await difference.textContent()).toMatch(sentence);
});

test('a form made from the schema says what is wrong, and creates the job', async (context) => {
  const { page, faults } = await stage.openPage(context);
  await stage.logIn(page, '/types/email', keys.writer);
  const form = page.getByRole('region', { name: 'Create a job' });
  await form.getByRole('button', { name: 'Create job' }).click();
  await form.getByRole('alert').getByText('"to"').waitFor();
  await form.getByLabel('Kind of to').selectOption('array');
  for (const [index, address] of ['a@example.com', 'b@example.com'].entries()) {
    await form.getByRole('button', { name: 'Add to to' }).click();
    await form.getByLabel(`to ${index + 1}`, { exact: true }).fill(address);
  }
  await form.getByLabel('subject').fill('Hello');
  await form.getByRole('button', { name: 'Create job' }).click();
  const created = form.getByRole('status').getByRole('link');
  const id = (await created.textContent()) ?? '';
  expect(await client.jobs.get(id)).toMatchObject({
    type: 'email',
    payload: { to: ['a@example.com', 'b@example.com'], subject: 'Hello' },
  });
  // The policy of the page reports what would generate code.
  expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
});

test('a form that is sent before its schema was looked at says what is wrong, and sends nothing', async (context) => {
  const { page, faults } = await stage.openPage(context);
  const held = Promise.withResolvers<void>();
  const loading = Promise.withResolvers<void>();
  await page.route(/\/esm-[^/]*\.js$/, async (route) => {
    loading.resolve();
    await held.promise;
    await route.continue();
  });
  await stage.logIn(page, '/types/email', keys.writer);
  const form = page.getByRole('region', { name: 'Create a job' });
  await form.getByRole('button', { name: 'Create job' }).click();
  await loading.promise;
  held.resolve();
  await form.getByRole('alert').getByText('"to"').waitFor();
  expect(faults.errors.filter((error) => error.includes('/api/jobs'))).toEqual([]);
});

test('where there is no schema, the payload is JSON, and what is none says so', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/types/without-schema', keys.writer);
  const payload = page.getByLabel('Payload, as JSON');
  await payload.fill('{"order": 4711');
  await page.getByText('This is no JSON yet').waitFor();
  // The browser sends no form that has such a field.
  await page.locator('textarea:invalid').waitFor();
  await payload.fill('{"order": 4711}');
  await page.getByRole('button', { name: 'Create job' }).click();
  const id = (await page.getByRole('status').getByRole('link').textContent()) ?? '';
  expect(await client.jobs.get(id)).toMatchObject({ payload: { order: 4711 } });
});

test('who may only read is offered neither pauses nor jobs', async (context) => {
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/types/email', keys.reader);
  await page.getByText('Creating jobs needs the scope jobs:write.').waitFor();
  await page.getByText('Schema of payloads').waitFor();
  await page.goto('/dashboard/types');
  await page.getByRole('link', { name: 'email' }).waitFor();
  expect(await page.getByRole('button', { name: /Pause|Resume|Create/ }).count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('types and the form for a job are accessible', async (context) => {
    const { page } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, '/types', stage.adminKey);
    await page.getByRole('link', { name: 'email' }).click();
    await page.getByRole('button', { name: 'Create job' }).click();
    await page.getByRole('alert').waitFor();
    // What lies below the header of the page counts as obscured.
    await page.evaluate('scrollTo(0, 0)');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Write JSON' }).click();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
