import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { startSyntheticFeed } from './syntheticFeed.ts';

const FLOOD_MS = 10_000;
const MINUTE_MS = 60_000;
/** Events of one busy system, a second. */
const BUSY = 540;

/** Begins to note the tasks that last longer than 50 ms; it runs in the page. */
const NOTE_TASKS = `window.longTasks = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.longTasks.push(duration);
}).observe({ type: 'longtask' })`;

/** What a view takes in a minute of events: the memory of what it holds at its end, and its longest task. */
export async function minuteOfEvents(browser: Browser, api: string, view: string): Promise<string> {
  await using feed = await startSyntheticFeed(api, 'flood', BUSY);
  const page = await browser.newPage();
  await page.goto(`${feed.url}/dashboard${view}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  // Its first readings are no part of it.
  await page.waitForLoadState('load');
  await pause(2_000);
  await page.evaluate(NOTE_TASKS);
  const [sentBefore, heapBefore] = [feed.sent, await heapOf(page)];
  await pause(MINUTE_MS);
  const tasks = await page.evaluate<number[]>('window.longTasks');
  const [sent, heap] = [feed.sent - sentBefore, await heapOf(page)];
  await page.close();
  const longest = tasks.length === 0 ? 'none over 50 ms' : `${Math.max(...tasks).toFixed(0)} ms`;
  return (
    `${view}, a minute of ${(sent / (MINUTE_MS / 1_000)).toFixed(0)} events a second: ` +
    `heap ${megabytes(heap)} MB, ${megabytes(heapBefore)} at its beginning; longest task ${longest}`
  );
}

/** The bytes that are used once what is not is gone. */
async function heapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  await devtools.detach();
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

/** Frames a second while 5,000 events a second come. */
export async function framesUnderFlood(browser: Browser, api: string): Promise<number> {
  await using feed = await startSyntheticFeed(api, 'flood', 5_000);
  const page = await browser.newPage();
  await page.goto(`${feed.url}/dashboard/jobs?type=flood`);
  await page.getByRole('button', { name: /^Show / }).waitFor();
  const frames = await page.evaluate<number>(`new Promise((resolve) => {
    const end = performance.now() + ${FLOOD_MS};
    let count = 0;
    const frame = () => { count += 1; performance.now() < end ? requestAnimationFrame(frame) : resolve(count); };
    requestAnimationFrame(frame);
  })`);
  return (frames / FLOOD_MS) * 1_000;
}
