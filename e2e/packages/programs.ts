import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, repositoryRoot, runCommand } from '@jobstream/servers';

/** A JavaScript runtime that packages are tried on. */
export interface Runtime {
  readonly name: string;
  readonly program: string;
  /** What stands before the name of a script. */
  readonly args: readonly string[];
}

/** The runtimes and compilers that the packages are tried with. */
export interface Programs {
  /** The oldest that the client supports. */
  readonly node20: Runtime;
  /** The oldest that the worker, the command line and the server support. */
  readonly oldestNode22: Runtime;
  /** The newest that the command line does not support, and one that knows no newer syntax. */
  readonly tooOld: readonly Runtime[];
  /** The oldest of the newer ones that people have: it lacks what later ones brought. */
  readonly earlyNode24: Runtime;
  readonly node22: Runtime;
  /** The Node of the repository, or that of the CI job. */
  readonly current: Runtime;
  readonly others: readonly Runtime[];
  /** Paths of `tsc`, by the version of TypeScript. */
  readonly compilers: Readonly<Record<string, string>>;
}

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64';
const BUN = ARCHITECTURE === 'arm64' ? '@oven/bun-linux-aarch64' : '@oven/bun-linux-x64';
const DENO = `@deno/linux-${ARCHITECTURE}-glibc`;
/** What is installed, by the name of its folder. */
const wanted: Readonly<Record<string, string>> = {
  'node-20': `npm:node-linux-${ARCHITECTURE}@20.19.0`,
  'node-10': `npm:node-linux-${ARCHITECTURE}@10.18.1`,
  'node-22.11': `npm:node-linux-${ARCHITECTURE}@22.11.0`,
  'node-24.4': `npm:node-linux-${ARCHITECTURE}@24.4.1`,
  'node-22.12': `npm:node-linux-${ARCHITECTURE}@22.12.0`,
  'node-22': `npm:node-linux-${ARCHITECTURE}@22.23.3`,
  [BUN]: '1.4.5',
  [DENO]: '2.9.6',
  'typescript-5': 'npm:typescript@5.9.3',
};

/** Installs the programs into the cache of the user, unless they are there. */
export async function providePrograms(): Promise<Programs> {
  const manifest = JSON.stringify({ private: true, dependencies: wanted });
  const folder = path.join(cacheFolder(), 'runtimes', createHash('sha256').update(manifest).digest('hex').slice(0, 16));
  if (!existsSync(folder)) await install(manifest, folder);
  const place = (name: string) => path.join(folder, 'node_modules', name);
  return {
    node20: { name: 'Node 20.19', program: place('node-20/bin/node'), args: [] },
    oldestNode22: { name: 'Node 22.12', program: place('node-22.12/bin/node'), args: [] },
    tooOld: ['10', '22.11'].map((version) => ({
      name: `Node ${version}`,
      program: place(`node-${version}/bin/node`),
      args: [],
    })),
    earlyNode24: { name: 'Node 24.4', program: place('node-24.4/bin/node'), args: [] },
    node22: { name: 'Node 22', program: place('node-22/bin/node'), args: [] },
    current: { name: `Node ${process.versions.node.split('.', 1)[0]}`, program: process.execPath, args: [] },
    others: [
      { name: 'Bun', program: place(`${BUN}/bin/bun`), args: ['run'] },
      { name: 'Deno', program: place(`${DENO}/deno`), args: ['run', '--allow-all', '--node-modules-dir=manual'] },
    ],
    compilers: {
      '5.9': place('typescript-5/bin/tsc'),
      '7': path.join(repositoryRoot, 'node_modules/typescript/bin/tsc'),
    },
  };
}

/** The final step is a rename, so that concurrent processes never see a partial folder. */
async function install(manifest: string, kept: string): Promise<void> {
  await mkdir(path.dirname(kept), { recursive: true });
  const scratch = await mkdtemp(`${kept}-`);
  try {
    await writeFile(path.join(scratch, 'package.json'), manifest);
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    await runCommand('npm', args, { cwd: scratch, timeoutMs: 300_000 });
    await rename(scratch, kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
