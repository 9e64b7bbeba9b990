import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';

const { adminKey, client, createKey, openPage, logIn, logOut, prepare } = useDashboard();
let readerKey: string;
const ids = { completed: '', failed: '', waiting: '' };

/** One job of each kind that the views tell apart. */
prepare(async () => {
  readerKey = (await createKey({ scopes: ['jobs:read'] })).key;
  const payload = { to: 'user@example.com', order: { id: 4711, lines: ['A-1', 'B-7'] } };
  ids.completed = (await client.jobs.create({ type: 'email', payload, tags: ['acme'] })).id;
  ids.failed = (await client.jobs.create({ type: 'webhook', payload: { url: 'http://127.0.0.1:9/' } })).id;
  ids.waiting = (await client.jobs.create({ type: 'thumbnail', payload: { width: 200 } })).id;
  await client.schedules.create({ name: 'nightly', cron: '0 3 * * *', job: { type: 'email', payload } });
  await Promise.all([ids.completed, ids.failed].map((id) => client.jobs.waitForCompletion(id)));
});

test('a job can be found by its id with the keyboard alone, and cancelled with a reason', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, '', adminKey);
  await page.keyboard.press('/');
  await page.keyboard.type(ids.waiting);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await page.getByLabel('Reason').fill('not needed');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel job' }).click();
  await page.getByRole('button', { name: 'Retry job' }).waitFor();
  await page.getByText('not needed', { exact: true }).first().waitFor();
  const [last] = (await client.jobs.history(ids.waiting)).slice(-1);
  expect(last).toMatchObject({ event: 'JobCancelled', data: { reason: 'not needed' } });
});

test('a list changes its rows in place, and offers new jobs instead of moving them in', async (context) => {
  const { page } = await openPage(context);
  const { id } = await client.jobs.create({ type: 'live', payload: {} });
  await eventually(async () => expect((await client.jobs.listPage({ type: 'live' })).items).toHaveLength(1));
  const connected = page.waitForResponse('**/api/events');
  await logIn(page, '/jobs?type=live', readerKey);
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

test('a list with a tag is offered the new jobs that have it, and no others', async (context) => {
  const { page } = await openPage(context);
  const tagged = { type: 'tagged', tags: ['vip'] };
  const { id } = await client.jobs.create(tagged);
  await eventually(async () => expect((await client.jobs.listPage({ type: 'tagged' })).items).toHaveLength(1));
  const connected = page.waitForResponse('**/api/events*');
  await logIn(page, '/jobs?type=tagged&tag=vip', readerKey);
  await connected;
  await page.getByRole('row').filter({ hasText: id }).waitFor(); // a list that is read later has the new one as well
  for (const tags of [['other'], ['vip']]) await client.jobs.create({ ...tagged, tags });
  // The feed tells of it after the new ones.
  await client.jobs.cancel(id);
  await page.getByRole('row').filter({ hasText: id }).getByText('cancelled').waitFor();
  expect(await page.getByRole('button', { name: /^Show \d/ }).textContent()).toBe('Show 1 more job');
});

test('who may only read is offered no changes', async (context) => {
  const { page } = await openPage(context);
  await logIn(page, `/jobs/${ids.failed}`, readerKey);
  await page.getByText('Read-only').waitFor();
  expect(await page.getByRole('button', { name: 'Retry job' }).count()).toBe(0);
});

test('a login is a cookie that scripts cannot read, and ends with a logout', async (context) => {
  const { page } = await openPage(context);
  await page.goto('/dashboard');
  await page.getByLabel('API key or token').fill('jsk_wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText('Invalid credentials').waitFor();
  await logIn(page, '', readerKey);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', expires: -1 });
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('alert').getByText('Still logged in: the API does not answer.').waitFor();
  await page.context().setOffline(false);
  await logOut(page);
  expect(await page.context().cookies()).toEqual([]);
});
