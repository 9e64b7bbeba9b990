import { readdir, rm, stat } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine } from '@jobstream/runtime';
import { resolveChromium } from '@jobstream/servers';
import { eventually, guardOfThisProcess, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { LONG_ATTEMPTS, LONG_EVENTS, plantLongJob } from './plantLongJob.ts';
import { framesUnderFlood, minuteOfEvents } from './underFeed.ts';

const OPENINGS = 15;
const JOBS = 1_000;

/** A view, and what its reader comes for, as a selector. */
interface View {
  readonly name: string;
  readonly address: string;
  readonly shown: string;
}

/** Marks the frame in which an element is first in the page; it runs there. */
const noteShown = (selector: string) => `new MutationObserver((_, observer) => {
  if (document.querySelector('${selector}') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => performance.mark('shown'));
}).observe(document, { childList: true, subtree: true })`;
/** Resolves with the time of that frame; it runs there, too. */
const SHOWN = `new Promise((resolve) => {
  const look = () => {
    const [mark] = performance.getEntriesByName('shown');
    mark === undefined ? requestAnimationFrame(look) : resolve(mark.startTime);
  };
  look();
})`;

readCommandLine({
  command: 'npm run bench:dashboard',
  summary:
    'Measures in Chromium how soon the dashboard and the page of a job of 10,000 events are seen, its memory and long tasks in a\n' +
    'minute of 540 events a second, the frames per second while 5,000 come, and the sizes of its files: docs/measurements/dashboard.md.',
});

await using ended = new AsyncDisposableStack();
ended.defer(() => guardOfThisProcess().stop());
const program = await resolveChromium();
if ('missing' in program) throw new Error(program.missing);
const folder = await builtPage();
const dataDir = await scratchDataFolder('paint');
ended.defer(() => rm(dataDir, { recursive: true, force: true }));
const system = await startSystem(dataDir, { DASHBOARD: 'true', DASHBOARD_DIR: folder });
ended.defer(async () => void (await system.stop()));
const browser = await chromium.launch({ executablePath: program.binary, args: ['--no-sandbox'] });
ended.defer(() => browser.close());

for (const line of await sizes(folder)) console.log(line);
await createJobs(system.api);
const overview: View = { name: 'overview', address: `${system.api}/dashboard`, shown: '.figures dd' };
console.log(`load average: ${loadavg().map((load) => load.toFixed(1)).join(', ')}`); // prettier-ignore
for (const view of [overview, await longJob()]) await report(browser, view);
for (const view of ['/jobs?type=flood', '/']) console.log(await minuteOfEvents(browser, system.api, view));
console.log(`frames per second: ${(await framesUnderFlood(browser, system.api)).toFixed(1)}`);

/** The page of a job that has failed for a day: it is shown with its last event. */
async function longJob(): Promise<View> {
  const client = new JobstreamClient({ url: system.api });
  const id = await plantLongJob({ client, nats: system.nats, message: 'no answer' });
  const name = `job of ${LONG_EVENTS.toLocaleString('en')} events and ${LONG_ATTEMPTS.toLocaleString('en')} attempts`;
  return { name, address: `${system.api}/dashboard/jobs/${id}`, shown: `#event-${LONG_EVENTS}` };
}

/** Opens a view again and again, and prints how soon it was seen. The first time warms up the API and the browser. */
async function report(from: Browser, view: View): Promise<void> {
  const openings: Opening[] = [];
  for (let opening = 0; opening <= OPENINGS; opening++) openings.push(await open(from, view));
  for (const cache of ['cold', 'warm'] as const) {
    for (const what of ['firstPaint', 'shown'] as const) {
      const times = openings.slice(1).map((opening) => opening[cache][what]);
      console.log(`${view.name}, ${cache} ${what}: ${summaryOf(times)}`);
    }
  }
  console.log(`${view.name}, elements: ${Math.max(...openings.map(({ warm }) => warm.elements))}`);
}

/** Of types that no worker takes, so that there is a backlog to show, in a table that has them all. */
async function createJobs(api: string): Promise<void> {
  const client = new JobstreamClient({ url: api });
  await client.jobs.createBatch(Array.from({ length: JOBS }, (_, n) => ({ type: `bench-${n % 5}`, payload: { n } })));
  await eventually(async () => {
    const { total } = (await client.stats()).jobs;
    if (total < JOBS) throw new Error(`the table has ${total} jobs`);
  });
}

function summaryOf(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return `median ${median?.toFixed(0)} ms, worst ${worst?.toFixed(0)} ms of ${sorted.length}`;
}

async function builtPage(): Promise<string> {
  const build = dashboardBuild();
  if (build === undefined) throw new Error('there are no sources of the page');
  await build.run(new AbortController().signal);
  return build.folder;
}

async function sizes(page: string): Promise<readonly string[]> {
  const assets = path.join(page, 'assets');
  const names = (await readdir(assets)).filter((name) => /\.(?:js|css)$/.test(name)).toSorted();
  const bytes = async (name: string) => (await stat(path.join(assets, name))).size;
  return Promise.all(
    names.map(
      async (name) =>
        `${name}: ${await bytes(name)} bytes, ${await bytes(`${name}.gz`)} gzipped, ${await bytes(`${name}.br`)} as Brotli`,
    ),
  );
}

/** Milliseconds from the beginning of the navigation. */
interface Paint {
  readonly firstPaint: number;
  /** Until what a reader comes for is there. */
  readonly shown: number;
  /** How many the document has then. */
  readonly elements: number;
}

interface Opening {
  /** In a browser that has never seen the page. */
  readonly cold: Paint;
  /** The same browser again. */
  readonly warm: Paint;
}

async function open(from: Browser, view: View): Promise<Opening> {
  const surroundings = await from.newContext();
  try {
    await surroundings.addInitScript(noteShown(view.shown));
    return { cold: await paintOf(surroundings, view), warm: await paintOf(surroundings, view) };
  } finally {
    await surroundings.close();
  }
}

async function paintOf(surroundings: BrowserContext, { address }: View): Promise<Paint> {
  const page = await surroundings.newPage();
  await page.goto(address);
  const shown = await page.evaluate<number>(SHOWN);
  const firstPaint = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`);
  const paint = { firstPaint, shown, elements: await page.locator('*').count() };
  await page.close();
  return paint;
}
