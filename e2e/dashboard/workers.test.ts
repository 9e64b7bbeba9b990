import { randomUUID } from 'node:crypto';
import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { createWorker } from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;

test('a worker shows what it runs now, and leads to the job', async (context) => {
  const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 600_000 } });
  context.onTestFinished(() => void client.jobs.cancel(id));
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/workers', stage.adminKey);
  const worker = (await client.workers.list()).find(({ live, types }) => live && types.includes('sleep'));
  const row = page.getByRole('row').filter({ hasText: worker?.worker ?? 'no worker' });
  await row.getByText('● live').waitFor();
  const link = row.locator(`a[href$="${id}"]`);
  await link.waitFor();
  // In line with text, colour alone does not tell a link; axe does not always say so.
  const style = `getComputedStyle(document.querySelector('.running a[href$="${id}"]'))`;
  expect(await page.evaluate(`${style}.textDecorationLine`)).toBe('underline');
  expect(await row.getByRole('button', { name: 'Forget' }).count()).toBe(0);
  await link.click();
  await page.getByText(/It runs: attempt 1 of 5 on/).waitFor();
  await page.getByText(`on ${worker?.worker}, version ${worker?.version}`).first().waitFor();
});

test('a worker that ended is stopped, then replaced by the next version, and one that said nothing is lost', async (context) => {
  const [type, name] = [`deployed-${randomUUID()}`, `shop-${randomUUID()}`];
  const startWorker = async (version: string) => {
    const worker = createWorker({ natsUrl: stage.nats, name, version });
    context.onTestFinished(() => worker.stop());
    await worker.handle(defineJob(type, { payload: z.unknown() }), () => undefined).start();
    return worker;
  };
  const log = new EventLog({ url: stage.nats, name: 'worker' });
  context.onTestFinished(() => log.stop());
  await log.start();
  const silent = { worker: `worker-${randomUUID()}`, name, host: 'build-7', startedAt: new Date().toISOString() };
  await log.announcements.announceType({ ...silent, type, limits: { concurrency: 1 } });
  const first = await startWorker('1.0.0');
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/workers', stage.adminKey);
  const rows = page.getByRole('row').filter({ hasText: type });
  await rows.filter({ hasText: '✕ lost' }).filter({ hasText: silent.worker }).waitFor();
  const old = rows.filter({ hasText: `${name} 1.0.0` }).filter({ has: page.getByRole('button', { name: 'Forget' }) });
  await first.stop();
  await old.getByText(/^■ stopped, (now|.* ago)$/).waitFor();
  await startWorker('1.1.0');
  await old.getByText(/^■ replaced by shop-\S+ 1\.1\.0, (now|.* ago)$/).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await old.getByRole('link', { name: `${name} 1.1.0` }).click();
  await page.locator('tr[aria-current]').getByText('● live').waitFor();
  expect(await rows.getByText(/lost|replaced|live/).allTextContents()).toEqual([
    '● live',
    '✕ lost',
    expect.stringMatching(/replaced by/),
  ]);
});

test('a worker that is gone is forgotten', async (context) => {
  const log = new EventLog({ url: stage.nats, name: 'worker' });
  context.onTestFinished(() => log.stop());
  await log.start();
  const worker = `worker-${randomUUID()}`;
  const program = { worker, name: 'tests', host: 'build-7', startedAt: new Date().toISOString() };
  await log.announcements.announceType({ ...program, type: 'forgotten', limits: { concurrency: 1 } });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, '/workers', stage.adminKey);
  const row = page.getByRole('row').filter({ hasText: worker });
  await row.getByRole('button', { name: 'Forget' }).click();
  await row.waitFor({ state: 'detached' });
  expect((await client.workers.list()).map((one) => one.worker)).not.toContain(worker);
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('workers and the overview are accessible, and the overview has the numbers of the system', async (context) => {
    const { page, faults } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, '/workers', stage.adminKey);
    await page.getByText('● live').first().waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.goto('/dashboard');
    await page.getByText('The log can store').waitFor();
    await page.getByText('Clock against the log').waitFor();
    await page.getByText('Table behind the log').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults.foreignRequests).toEqual([]);
  });
});
