import { rm } from 'node:fs/promises';
import { readCommandLine } from '@jobstream/runtime';
import { resolveChromium } from '@jobstream/servers';
import { guardOfThisProcess, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { runChecks } from '../harness/runChecks.ts';
import { inFolder } from '../packages/userProject.ts';
import { ReadmeProject } from './readmeProject.ts';
import { smokeChecks } from './smokeChecks.ts';

readCommandLine({
  command: 'npm run test:smoke',
  summary:
    'Proves in half a minute that the whole system works as a user meets it: `npm start`, a job by curl, the packed packages,\n' +
    'a killed worker, the dashboard, `npm run verify` and Ctrl-C. The last line is `N passed, N failed`.',
  environment: { CI: 'Set: a missing Chromium is a failure; else the dashboard is skipped then.' },
});

/** Reached only by what hangs; a start may take nine minutes, and a stage 30. */
const LIMIT_MS = 600_000;
const LAST_LINES = 80;

async function main(): Promise<void> {
  const dataDir = await scratchDataFolder('smoke');
  try {
    await inFolder((folder) => smoke(dataDir, folder));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Starts everything at once; the checks wait for what they need. */
async function smoke(dataDir: string, folder: string): Promise<void> {
  // Nothing of a system that the caller's environment names.
  const env = { DATA_DIR: dataDir, NATS_URL: '', DATABASE_URL: '', DASHBOARD_DIR: '' };
  const asTyped = { LOG_FORMAT: '', LOG_LEVEL: '', DASHBOARD: 'true' };
  const starting = startSystem(dataDir, { ...env, ...asTyped }, ['npm', 'start']);
  const installing = ReadmeProject.install(folder);
  // What fails before a check needs it is the failure of that check.
  const settled = Promise.allSettled([starting, installing]);
  const checks = smokeChecks({ env, starting, installing, browser: resolveChromium() });
  // The failure of a start has its output already.
  const evidence = () => starting.then(lastLines).catch(() => '');
  const failed = await runChecks(checks, { untilFailure: true, limitMs: LIMIT_MS, evidence });
  process.exitCode = failed === 0 ? 0 : 1;
  const [system] = await settled;
  if (system.status === 'fulfilled') await system.value.stop();
}

function lastLines({ process: { output } }: RunningSystem): string {
  return ['== the output of npm start', ...output.trim().split('\n').slice(-LAST_LINES)].join('\n');
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
