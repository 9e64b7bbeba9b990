import { eventually } from '@jobstream/test-support';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { useDashboard } from './dashboardStage.ts';

const stage = useDashboard();
const { client } = stage;
const keys = { reader: '', debugger: '', writer: '' };
const HOUR_MS = 3_600_000;
/** Of a type that no worker takes, so that it stays as it is. */
const payload = { to: 'oter@example.com', order: { id: 4711, lines: ['A-1', 'B-7'] } };

async function keyWith(...scopes: readonly string[]): Promise<string> {
  return (await stage.createKey({ scopes })).key;
}

stage.prepare(async () => {
  [keys.reader, keys.debugger, keys.writer] = await Promise.all([
    keyWith('jobs:read'),
    keyWith('jobs:read', 'jobs:debug'),
    keyWith('jobs:read', 'jobs:write'),
  ]);
});

/** Gives a reason in the open dialog, and confirms. */
async function confirm(page: Page, action: string, reason: string): Promise<void> {
  await page.getByLabel('Reason').fill(reason);
  await page.getByRole('dialog').getByRole('button', { name: action }).click();
}

/** A job that was cancelled, got another payload, and waits again. */
async function correctedJob(): Promise<string> {
  const { id } = await client.jobs.create({ type: 'nobody-takes-it', payload });
  await client.jobs.cancel(id, { reason: 'wrong address' });
  await client.jobs.retry(id, { payload: { ...payload, to: 'other@example.com' }, reason: 'typo' });
  return id;
}

/** Notes in the page itself after which events it shows a job from now on, since it shows each for a moment alone. */
const noteStates = `(() => {
  const shown = [];
  const note = () => {
    const event = /as it was after (\\w+),/.exec(document.body.textContent)?.[1];
    if (event !== undefined && event !== shown.at(-1)) shown.push(event);
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
  return shown;
})()`;

/** A job whose only attempt failed. */
async function failedJob(): Promise<string> {
  const job = { type: 'sleep', payload: { durationMs: 50, failTimes: 1 }, maxAttempts: 1 };
  const { id } = await client.jobs.create(job);
  await client.jobs.waitForCompletion(id);
  return id;
}

test('a unique job says by what it is and until when', async (context) => {
  const { page } = await stage.openPage(context);
  const unique = { by: ['payload.to'], while: 'waiting' } as const;
  const { id } = await client.jobs.create({ type: 'nobody-takes-it', payload: { to: crypto.randomUUID() }, unique });
  await stage.logIn(page, `/jobs/${id}`, keys.reader);
  const rule = page.getByText('by payload.to, until its first start');
  await rule.waitFor();
  expect(await rule.count()).toBe(1);
});

test('a job that waits is given another priority with a reason, which its page and the list show', async (context) => {
  const tag = crypto.randomUUID();
  const { id } = await client.jobs.create({ type: 'nobody-takes-it', tags: [tag] });
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.writer);
  await page.getByRole('button', { name: 'Change priority' }).click();
  const choice = page.getByRole('combobox', { name: 'Priority' });
  expect(await choice.locator('option').allTextContents()).toEqual(['high', 'low']);
  await choice.selectOption('low');
  await confirm(page, 'Change priority', 'it can wait');
  const fact = page.locator('.facts').getByText('Priority').locator('..');
  await expect.poll(() => fact.textContent()).toBe('Prioritylow');
  await page.locator('.history').getByText('it can wait').waitFor();
  expect(await client.jobs.get(id)).toMatchObject({ priority: 'low' });
  await page.goto(`/dashboard/jobs?tag=${tag}`);
  await page.getByRole('cell', { name: 'low priority' }).waitFor();
  await page.goto(`/dashboard/jobs/${id}`);
  await page.getByRole('button', { name: 'Change priority' }).click();
  await choice.selectOption('normal');
  await confirm(page, 'Change priority', 'as before');
  await fact.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await confirm(page, 'Cancel job', 'not needed');
  await page.getByRole('heading', { name: 'cancelled nobody-takes-it' }).waitFor();
  expect(await page.getByRole('button', { name: 'Change priority' }).count()).toBe(0);
});

describe('why it waits', () => {
  test('a delayed job says until when, and can be run now with a reason', async (context) => {
    const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 10 }, delayMs: HOUR_MS });
    const { page } = await stage.openPage(context);
    await stage.logIn(page, `/jobs/${id}`, keys.writer);
    const why = page.getByRole('region', { name: 'Why it waits' });
    await why.getByText(/It is delayed: due .*\(in 59m/).waitFor();
    await why.getByRole('button', { name: 'Run now' }).click();
    await confirm(page, 'Run now', 'the customer waits');
    await page.getByRole('heading', { name: 'completed sleep' }).waitFor();
    expect(await why.count()).toBe(0);
    expect(await client.jobs.history(id)).toContainEqual(
      expect.objectContaining({ event: 'JobDueNow', data: { reason: 'the customer waits' } }),
    );
  });

  test('a job of a paused type says who paused it and why, and an administrator resumes the type', async (context) => {
    await client.types.pause('paused-here', { reason: 'the partner is down' });
    const { id } = await client.jobs.create({ type: 'paused-here' });
    const { page } = await stage.openPage(context);
    await stage.logIn(page, `/jobs/${id}`, stage.adminKey);
    await page.getByText(/Its type paused-here was paused by key [0-9a-f]{16} .*: the partner is down/).waitFor();
    await page.getByRole('button', { name: 'Resume paused-here' }).click();
    await page.getByText(/No (living )?worker (takes jobs of|has announced) the type paused-here/).waitFor();
    expect((await client.types.list()).find(({ type }) => type === 'paused-here')?.paused ?? false).toBe(false);
  });

  test('who may not change it is told what that would need', async (context) => {
    await client.types.pause('paused-too');
    const paused = await client.jobs.create({ type: 'paused-too' });
    const delayed = await client.jobs.create({ type: 'nobody-takes-it', delayMs: HOUR_MS });
    const { page } = await stage.openPage(context);
    await stage.logIn(page, `/jobs/${paused.id}`, keys.reader);
    await page.getByText('Resuming it needs the scope admin.').waitFor();
    await page.getByText('Read-only: changes need the scope jobs:write.').waitFor();
    await page.goto(`/dashboard/jobs/${delayed.id}`);
    await page.getByText('It is delayed').waitFor();
    expect(await page.getByRole('button', { name: /Run now|Cancel|Resume/ }).count()).toBe(0);
  });
});

test('the stack of an error is for those who may see code', async (context) => {
  const id = await failedJob();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.debugger);
  await page
    .locator('.job-error')
    .getByText(/at .*sleepHandler/)
    .waitFor();
  const stack = page.locator('.job-error pre');
  expect(await stack.textContent()).toMatch(
    /^[^\n]*\n {4}at .*sleepHandler[^]*\n {4}… \d+ frames? of Node and packages$/,
  );
  await page.getByRole('button', { name: 'All frames' }).click();
  expect(await stack.textContent()).not.toContain('…');
  await page.getByRole('button', { name: 'Fold frames' }).waitFor();
  const other = await stage.openPage(context);
  await stage.logIn(other.page, `/jobs/${id}`, keys.reader);
  await other.page.getByText('The stack needs the scope jobs:debug.').waitFor();
  expect(
    await other.page
      .locator('.job-error')
      .getByText(/at .*sleepHandler/)
      .count(),
  ).toBe(0);
});

test('two events that are marked are compared, in the address too', async (context) => {
  const id = await correctedJob();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.reader);
  await page.getByLabel('Compare version 4').check();
  await page.getByText('Mark another event to compare version 4 with.').waitFor();
  await page.getByLabel('Compare version 1').check();
  await page.reload();
  const diff = page.getByRole('region', { name: 'What changed from version 1 to 4' });
  await diff.waitFor();
  expect(await diff.locator('del').allTextContents()).toEqual([expect.stringContaining('"to": "oter@example.com"')]);
  expect(await diff.locator('ins').allTextContents()).toEqual([expect.stringContaining('"to": "other@example.com"')]);
  await diff.getByRole('button', { name: 'Close' }).click();
  await diff.waitFor({ state: 'detached' });
});

test('the slider shows the job as it was after an event, and there is a way back', async (context) => {
  const id = await correctedJob();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.writer);
  await page.getByRole('heading', { name: 'pending nobody-takes-it' }).waitFor();
  const slider = page.getByRole('slider', { name: 'As it was after event' });
  await slider.press('Home');
  await slider.press('ArrowRight');
  await page.getByRole('heading', { name: 'cancelled nobody-takes-it' }).waitFor();
  await page.getByText('You look at the past: as it was after JobCancelled').waitFor();
  expect(new URL(page.url()).searchParams.get('at')).toBe('2');
  await page.locator('.contents').getByText('"oter@example.com"').waitFor();
  expect(await page.getByRole('button', { name: /Cancel job|Retry job/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.locator('.contents').getByText('"other@example.com"').waitFor();
  await page.getByRole('button', { name: 'Cancel job' }).waitFor();
});

test('the history can be played from its beginning to now', async (context) => {
  const id = await correctedJob();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.reader);
  await page.getByRole('heading', { name: 'pending nobody-takes-it' }).waitFor();
  const shown = await page.evaluateHandle<string[]>(noteStates);
  await page.getByRole('button', { name: 'Play' }).click();
  const states = ['JobCreated', 'JobCancelled', 'JobPayloadChanged'];
  await expect.poll(() => shown.jsonValue()).toEqual(states);
  await page.getByText('You look at the past').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Play' }).waitFor();
  expect(new URL(page.url()).searchParams.get('at')).toBeNull();
});

test('causes lead from the schedule to the job and its repetition, and back', async (context) => {
  await client.schedules.create({
    name: 'by-hand',
    cron: '0 0 1 1 *',
    job: { type: 'sleep', payload: { durationMs: 10 } },
  });
  const { id } = await client.schedules.run('by-hand', { reason: 'the first run' });
  await client.jobs.waitForCompletion(id);
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.writer);
  const causes = page.getByRole('region', { name: 'Causes' });
  await causes.getByText(/Run by key [0-9a-f]{16} of/).waitFor();
  await causes.getByRole('link', { name: 'by-hand' }).waitFor();
  await page.getByRole('button', { name: 'Rerun' }).click();
  await confirm(page, 'Rerun', 'once more');
  await causes.getByText('once more').waitFor();
  const rerun = page.url().split('/').at(-1) ?? '';
  expect(await client.jobs.get(rerun)).toMatchObject({ rerunOf: id });
  await causes.getByText(/Run by key/).waitFor();
  await eventually(async () => expect((await client.jobs.listPage({ rerunOf: id })).items).toHaveLength(1));
  await causes.getByRole('link', { name: id }).click();
  await causes.getByRole('link', { name: rerun }).waitFor();
});

test('a change by hand is a cause, and leads to its event', async (context) => {
  const id = await correctedJob();
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.reader);
  const causes = page.getByRole('region', { name: 'Causes' });
  await causes.getByText('wrong address').waitFor();
  await causes.getByRole('link', { name: 'given another payload' }).click();
  expect(new URL(page.url()).hash).toBe('#event-3');
});

test('a long history is narrowed by event and text, and walked with j and k', async (context) => {
  const { id } = await client.jobs.create({ type: 'sleep', payload: { durationMs: 1_500 } });
  await client.jobs.waitForCompletion(id);
  const { page } = await stage.openPage(context);
  await stage.logIn(page, `/jobs/${id}`, keys.reader);
  await page.getByLabel('Find in events').fill('jobstar');
  const rows = page.locator('.history tbody tr');
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByLabel('Find in events').fill('');
  await page.getByLabel('Event', { exact: true }).selectOption('JobCompleted');
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByLabel('Event', { exact: true }).selectOption('');
  await page.getByRole('heading', { name: 'Events' }).click();
  // Keys within one frame, as of somebody who holds one down.
  const focused = await page.evaluate(`
    for (const key of ['j', 'j', 'j']) document.dispatchEvent(new KeyboardEvent('keydown', { key }));
    document.activeElement.getAttribute('data-row')`);
  expect(focused).toBe('2');
  for (const key of ['k', 'k', 'Enter']) await page.keyboard.press(key);
  await rows.first().getByText('"sleep"').waitFor();
});

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('the page of a job is accessible now, in the past and while events are compared', async (context) => {
    const [corrected, failed] = [await correctedJob(), await failedJob()];
    const { page, faults } = await stage.openPage(context, { colorScheme });
    await stage.logIn(page, '', stage.adminKey);
    for (const view of [failed, `${corrected}?at=2`, `${corrected}?compare=1&compare=4`]) {
      await page.goto(`/dashboard/jobs/${view}`);
      await page.getByText('Created by').waitFor();
      expect({ view, faults: await accessibilityFaults(page) }).toEqual({ view, faults: [] });
    }
    expect(faults.foreignRequests).toEqual([]);
    expect(faults.errors.filter((error) => !error.includes('401 (Unauthorized)'))).toEqual([]);
  });
});
