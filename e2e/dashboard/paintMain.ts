import { readdir, rm, stat } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine } from '@jobstream/runtime';
import { resolveChromium } from '@jobstream/servers';
import { eventually, guardOfThisProcess, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { startSyntheticFeed } from './syntheticFeed.ts';

const OPENINGS = 15;
const JOBS = 1_000;
const FLOOD_MS = 10_000;

/** Marks the frame in which the figures are first in the page; it runs there. */
const noteFigures = `new MutationObserver((_, observer) => {
  if (document.querySelector('.figures dd') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => performance.mark('figures'));
}).observe(document, { childList: true, subtree: true })`;

readCommandLine({
  command: 'npm run bench:dashboard',
  summary:
    'Measures in Chromium how soon the dashboard is seen, the frames per second while 5,000 events a second come, and the\n' +
    'sizes of its files: docs/measurements/dashboard.md.',
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
console.log(`load average: ${loadavg().map((load) => load.toFixed(1)).join(', ')}`); // prettier-ignore
const openings: Opening[] = [];
for (let opening = 0; opening <= OPENINGS; opening++) openings.push(await open(browser, `${system.api}/dashboard`));
// The first one warms up the API and the browser.
for (const cache of ['cold', 'warm'] as const) {
  for (const what of ['firstPaint', 'figures'] as const) {
    console.log(`${cache} ${what}: ${summaryOf(openings.slice(1).map((opening) => opening[cache][what]))}`);
  }
}
console.log(`frames per second: ${(await framesUnderFlood(browser, system.api)).toFixed(1)}`);

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
  /** Until the overview shows its figures: what a reader comes for. */
  readonly figures: number;
}

interface Opening {
  /** In a browser that has never seen the page. */
  readonly cold: Paint;
  /** The same browser again. */
  readonly warm: Paint;
}

async function open(from: Browser, address: string): Promise<Opening> {
  const surroundings = await from.newContext();
  try {
    await surroundings.addInitScript(noteFigures);
    return { cold: await paintOf(surroundings, address), warm: await paintOf(surroundings, address) };
  } finally {
    await surroundings.close();
  }
}

async function paintOf(surroundings: BrowserContext, address: string): Promise<Paint> {
  const page = await surroundings.newPage();
  await page.goto(address);
  await page.getByRole('heading', { name: 'Backlog' }).waitFor();
  const at = (name: string) => page.evaluate<number>(`performance.getEntriesByName('${name}')[0].startTime`);
  const paint = { firstPaint: await at('first-contentful-paint'), figures: await at('figures') };
  await page.close();
  return paint;
}

async function framesUnderFlood(from: Browser, api: string): Promise<number> {
  await using feed = await startSyntheticFeed(api, 'flood', 5_000);
  const page = await from.newPage();
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
