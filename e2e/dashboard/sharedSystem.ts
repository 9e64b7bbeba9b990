import { rm } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, resolveChromium, runCommand } from '@jobstream/servers';
import { guardOfThisProcess, PATIENT, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { dashboardBuild } from '@jobstream/tools';
import type { TestProject } from 'vitest/node';

/** What the files of tests in this folder have in common. */
export interface SharedSystem {
  readonly api: string;
  /** Where a worker of a test's own gets its jobs. */
  readonly nats: string;
  /** What the `nats` command line needs as XDG_CONFIG_HOME to read the log. */
  readonly natsContext: string;
  /** The database of the tables. */
  readonly postgres: string;
  /** A key that may do everything. */
  readonly adminKey: string;
  /** The folder of the built page, for a system of a test's own. */
  readonly pageFolder: string;
  readonly chromium: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Without Chromium the reason why there is none. */
    dashboardSystem: SharedSystem | { readonly missing: string };
  }
}

/** Builds the page and starts a system with it, which all test files share: each has job types or a tenant of its own. */
export default async function shareSystem(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const chromium = await resolveChromium();
  if ('missing' in chromium) {
    project.provide('dashboardSystem', chromium);
    return undefined;
  }
  const pageFolder = await builtPage();
  const dataDir = await scratchDataFolder('dashboard');
  const settings = { ...PATIENT, AUTH: 'required', DASHBOARD: 'true', DASHBOARD_DIR: pageFolder };
  const system = await startSystem(dataDir, settings);
  const adminKey = await firstKey(dataDir);
  project.provide('dashboardSystem', {
    api: system.api,
    nats: system.nats,
    natsContext: path.join(dataDir, 'nats-cli'),
    postgres: system.postgres,
    adminKey,
    pageFolder,
    chromium: chromium.binary,
  });
  return async () => {
    await system.stop();
    await guardOfThisProcess().stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

async function builtPage(): Promise<string> {
  const build = dashboardBuild();
  if (build === undefined) throw new Error('there are no sources of the page');
  await build.run(new AbortController().signal);
  return build.folder;
}

/** The key that makes the others over HTTP, made as an operator does. */
async function firstKey(dataDir: string): Promise<string> {
  const args = ['tools/keys.ts', 'create', '--name', 'tests', '--scopes', 'admin'];
  const env = { ...process.env, DATA_DIR: dataDir };
  return (await runCommand(process.execPath, args, { cwd: repositoryRoot, env })).trim();
}
