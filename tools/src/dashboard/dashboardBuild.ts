import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@jobstream/servers';

/** All that a built dashboard depends on. */
const SOURCES = ['package-lock.json', 'apps/dashboard/{*,build/*,public/*,src/**/*}', 'libs/client/src/**/*.ts'];
const VITE = 'node_modules/vite/bin/vite.js';
const CACHE = path.join(repositoryRoot, '.data', 'cache', 'dashboard');
/** Older builds may be those of another system that runs. */
const KEPT_MS = 24 * 3_600_000;
const BACKGROUND_PRIORITY = 10;

/** The dashboard of these sources, which is built once and kept in the cache. */
export interface DashboardBuild {
  /** Where the built page is, or will be. */
  readonly folder: string;
  /** Builds it unless it is there. @throws Error with the output of the build when it fails; AbortError by the signal. */
  run(signal: AbortSignal): Promise<void>;
}

/** Returns the build of the dashboard; undefined in a published package, which has it built. */
export function dashboardBuild(): DashboardBuild | undefined {
  if (!existsSync(path.join(repositoryRoot, 'apps/dashboard/vite.config.ts'))) return undefined;
  const folder = path.join(CACHE, hashOfSources());
  return {
    folder,
    run: async (signal) => {
      if (!existsSync(path.join(folder, 'index.html'))) await build(folder, signal);
    },
  };
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: repositoryRoot, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map(({ parentPath, name }) => path.join(parentPath, name)).toSorted()) {
    hash.update(path.relative(repositoryRoot, file)).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The page appears in its place as a whole. */
async function build(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await removeOldBuilds();
  const scratch = await mkdtemp(path.join(CACHE, 'build-'));
  try {
    await runVite(scratch, signal);
    await rename(scratch, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // else another system has built it meanwhile
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** At a low priority: the first jobs are not to wait for it. */
async function runVite(outDir: string, signal: AbortSignal): Promise<void> {
  const args = [VITE, 'build', 'apps/dashboard', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'];
  const env = { ...process.env, NODE_ENV: 'production' }; // whatever this process is run for
  const running = promisify(execFile)(process.execPath, args, { cwd: repositoryRoot, env, signal });
  if (running.child.pid !== undefined) os.setPriority(running.child.pid, BACKGROUND_PRIORITY);
  await running;
}

async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const one = path.join(CACHE, name);
    const { mtimeMs } = await stat(one);
    if (Date.now() - mtimeMs > KEPT_MS) await rm(one, { recursive: true, force: true });
  }
}
