import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot, resolveChromium } from '@jobstream/servers';
import { guardOfThisProcess, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import { chromium, type Browser } from 'playwright-core';
import { type Picture, PICTURE_BYTES, pictures, picturesFolder } from './pictures.ts';

readCommandLine({
  command: 'npm run pictures',
  summary:
    'Takes the pictures of the dashboard in docs/images: starts a system, fills it with the hour of the demo, and needs Chromium.',
});

const SIZE = { width: 1_280, height: 800 };
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
  } finally {
    await browser.close();
  }
}

async function take({ name, colorScheme, view, shows }: Picture, browser: Browser, api: string): Promise<void> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme });
  page.setDefaultTimeout(DEMO_MS);
  await page.goto(`${api}/dashboard${await view(new JobstreamClient({ url: api }))}`);
  // The choices of a filter are in the page as well, and not visible.
  await page.getByText(shows).filter({ visible: true }).first().waitFor();
  const file = path.join(picturesFolder, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  await page.close();
  const { size } = await stat(file);
  console.log(`${file}: ${size} bytes`);
  if (size > PICTURE_BYTES) throw new Error(`${name} has more than ${PICTURE_BYTES} bytes`);
}
