import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot, resolveChromium } from '@jobstream/servers';
import { guardOfThisProcess, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import { chromium, type Browser } from 'playwright-core';
import { type Picture, PICTURE_BYTES, pictures, picturesFolder, WALK, WALK_BYTES } from './pictures.ts';
import { walk } from './walk.ts';

readCommandLine({
  command: 'npm run pictures',
  summary:
    'Takes the pictures of the dashboard in docs/images: starts a system, fills it with the hour of the demo, and needs Chromium.',
});

const SIZE = { width: 1_280, height: 800 };
/** Of the animation, which is larger than a picture. */
const WALK_SIZE = { width: 1_024, height: 640 };
const DEMO_MS = 600_000;

const browserProgram = await resolveChromium();
if ('missing' in browserProgram) throw new Error(browserProgram.missing);
const dataDir = await scratchDataFolder('pictures');
try {
  const build = dashboardBuild();
  await build?.run(new AbortController().signal);
  const page = build === undefined ? {} : { DASHBOARD_DIR: build.folder };
  await using system = await startSystem(dataDir, { DASHBOARD: 'true', ...page });
  await using demo = TestProcess.node(path.join(repositoryRoot, 'tools/demo.ts'), {
    // Stacks have the paths of this machine.
    env: { ...process.env, DATA_DIR: dataDir, ERROR_STACKS: 'false' },
    args: ['--populate', '--keep'],
    ipc: false,
  });
  await demo.matched(/the workers go on/, DEMO_MS);
  await takeAll(browserProgram.binary, system.api);
} finally {
  await guardOfThisProcess().stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function takeAll(executablePath: string, api: string): Promise<void> {
  await mkdir(picturesFolder, { recursive: true });
  // Its sandbox does not work for root, and the pages are our own.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const picture of pictures) await take(picture, browser, api);
    // The last, since it mends what the pictures show.
    await takeWalk(browser, api);
  } finally {
    await browser.close();
  }
}

async function take(
  { name, colorScheme, view, shows, prepare }: Picture,
  browser: Browser,
  api: string,
): Promise<void> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme });
  page.setDefaultTimeout(DEMO_MS);
  await page.goto(`${api}/dashboard${await view(new JobstreamClient({ url: api }))}`);
  // The choices of a filter are in the page as well, and not visible.
  await page.getByText(shows).filter({ visible: true }).first().waitFor();
  await prepare?.(page);
  const file = path.join(picturesFolder, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  await page.close();
  await checkSize(file, PICTURE_BYTES);
}

async function takeWalk(browser: Browser, api: string): Promise<void> {
  const page = await browser.newPage({ viewport: WALK_SIZE, colorScheme: 'light' });
  page.setDefaultTimeout(DEMO_MS);
  const file = path.join(picturesFolder, WALK);
  await writeFile(file, await walk(page, api));
  await page.close();
  await checkSize(file, WALK_BYTES);
}

async function checkSize(file: string, most: number): Promise<void> {
  const { size } = await stat(file);
  console.log(`${file}: ${size} bytes`);
  if (size > most) throw new Error(`${file} has more than ${most} bytes`);
}
