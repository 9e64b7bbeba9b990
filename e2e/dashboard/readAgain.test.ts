import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useDashboard } from './dashboardStage.ts';
import { untilListed } from './untilListed.ts';

const { adminKey, clientWith, createKey, openPage, logIn } = useDashboard();

/** The requests of a page by their paths, without the feed, which never ends. */
function watchRequests(page: Page) {
  const [asked, unanswered] = [[] as string[], new Set<object>()];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname === '/api/events') return;
    asked.push(pathname);
    unanswered.add(request);
  });
  page.on('requestfinished', (request) => unanswered.delete(request));
  page.on('requestfailed', (request) => unanswered.delete(request));
  return { asked, answered: () => expect.poll(() => unanswered.size).toBe(0) };
}

/** What keeps a feed open is shorter than an event. */
const HEARTBEAT_BYTES = 100;

type Requests = ReturnType<typeof watchRequests>;

/** Moves the clock of the page on, second by second, and lets it ask and be answered in each. */
async function pass(page: Page, seconds: number, { answered }: Requests): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await page.clock.runFor(1_000);
    await answered();
  }
}

function timesOf(asked: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(asked, (one) => one)].map(([name, { length }]) => [name, length]));
}

/** Opens a view, whose clock stands still from then on. */
async function open(page: Page, view: string, key: string): Promise<Requests> {
  await page.clock.install();
  await logIn(page, view, key);
  await page.getByRole('navigation', { name: 'Jobs by status' }).waitFor();
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  return watchRequests(page);
}

/** What others do in this system is kept from the page. */
async function holdFeed(page: Page): Promise<void> {
  await page.route('**/api/events*', () => undefined);
}

test('an overview on which nothing happens is read four times a minute, and a tab that is hidden reads nothing', async (context) => {
  const { page } = await openPage(context);
  await holdFeed(page);
  const requests = await open(page, '', adminKey);
  await pass(page, 60, requests);
  const times = timesOf(requests.asked);
  const withoutEvents = ['/dashboard/session', '/api/workers', '/api/types'];
  for (const path of withoutEvents) expect([path, Math.min(times[path] ?? 0, 12)]).toEqual([path, times[path]]);
  const others = Object.fromEntries(Object.entries(times).filter(([path]) => !withoutEvents.includes(path)));
  expect(others['/api/stats']).toBeGreaterThan(0);
  for (const [path, asked] of Object.entries(others)) expect([path, Math.min(asked, 4)]).toEqual([path, asked]);
  await show(page, 'hidden');
  requests.asked.length = 0;
  await pass(page, 60, requests);
  expect(requests.asked).toEqual([]);
  await show(page, 'visible');
  await expect.poll(() => requests.asked).toContain('/api/stats');
});

/** Hides or shows the tab, as the browser says it to the page. */
async function show(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`);
}

/** Follows what the feed brings to a page; call it before the page is opened. */
async function watchFeed(page: Page): Promise<{ readonly events: () => number }> {
  const network = await page.context().newCDPSession(page);
  const feeds = new Set<string>();
  let events = 0;
  network.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (new URL(request.url).pathname === '/api/events') feeds.add(requestId);
  });
  network.on('Network.dataReceived', ({ requestId, dataLength }) => {
    if (feeds.has(requestId) && dataLength > HEARTBEAT_BYTES) events += 1;
  });
  await network.send('Network.enable');
  return { events: () => events };
}

test('a job that changes has the overview read again within seconds of the clock of the page', async (context) => {
  const { key } = await createKey({ scopes: ['jobs:read', 'jobs:write'], tenant: 'read-again' });
  const own = clientWith(key);
  const { page } = await openPage(context);
  const feed = await watchFeed(page);
  const connected = page.waitForResponse('**/api/events*');
  const requests = await open(page, '', key);
  await connected;
  const pending = page.getByRole('navigation', { name: 'Jobs by status' }).getByRole('link', { name: 'pending' });
  expect(await pending.textContent()).toBe('pending0');
  await own.jobs.create({ type: 'read-again', payload: {} });
  await untilListed(own, { type: 'read-again' }, ({ length }) => length === 1);
  await expect.poll(feed.events).toBe(1);
  await pass(page, 6, requests);
  expect(await pending.textContent()).toBe('pending1');
  // It is not read again and again after it.
  requests.asked.length = 0;
  await pass(page, 14, requests);
  expect(timesOf(requests.asked)['/api/stats']).toBeLessThanOrEqual(1);
  await show(page, 'hidden');
  requests.asked.length = 0;
  await own.jobs.create({ type: 'read-again', payload: {} });
  await untilListed(own, { type: 'read-again' }, ({ length }) => length === 2);
  await expect.poll(feed.events).toBe(2);
  await pass(page, 6, requests);
  expect(requests.asked).toEqual([]);
  await show(page, 'visible');
  await pass(page, 2, requests);
  expect(await pending.textContent()).toBe('pending2');
});
