import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { readCommandLine } from '@jobstream/runtime';
import { resolveChromium } from '@jobstream/servers';
import { guardOfThisProcess, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startSyntheticFeed } from './syntheticFeed.ts';

const OPENINGS = 9;
const FLOOD_MS = 10_000;

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
const paints: Paint[] = [];
for (let opening = 0; opening <= OPENINGS; opening++) paints.push(await paintOf(browser, `${system.api}/dashboard`));
// The first one warms up the API and the browser.
for (const what of ['firstPaint', 'figures'] as const) {
  console.log(`${what}: ${paints.slice(1).map((paint) => paint[what].toFixed(0)).join(', ')} ms`); // prettier-ignore
}
console.log(`frames per second: ${(await framesUnderFlood(browser, system.api)).toFixed(1)}`);

async function builtPage(): Promise<string> {
  const build = dashboardBuild();
  if (build === undefined) throw new Error('there are no sources of the page');
  await build.run(new AbortController().signal);
  return build.folder;
}

async function sizes(page: string): Promise<readonly string[]> {
  const names = (await readdir(path.join(page, 'assets'))).toSorted();
  const lines = names.map(async (name) => {
    const content = await readFile(path.join(page, 'assets', name));
    return `${name}: ${content.length} bytes, ${gzipSync(content).length} gzipped`;
  });
  return Promise.all(lines);
}

/** Milliseconds from the beginning of the navigation, in a browser without a cache. */
interface Paint {
  readonly firstPaint: number;
  /** Until the overview has its figures. */
  readonly figures: number;
}

async function paintOf(from: Browser, address: string): Promise<Paint> {
  const surroundings = await from.newContext();
  try {
    const page = await surroundings.newPage();
    await page.goto(address);
    await page.getByText('Backlog').first().waitFor();
    const figures = await now(page);
    const firstPaint = await page.evaluate<number>(
      'performance.getEntriesByName("first-contentful-paint")[0].startTime',
    );
    return { firstPaint, figures };
  } finally {
    await surroundings.close();
  }
}

function now(page: Page): Promise<number> {
  return page.evaluate<number>('performance.now()');
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
