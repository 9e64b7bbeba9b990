import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { isLibrary, type PackedPackage } from '@jobstream/tools';
import { fencedBlocks } from '../docs/fencedBlocks.ts';

const FIXTURES = path.join(import.meta.dirname, 'consumer');

/** A user's project, outside the repository, with the packages installed from their tarballs. */
export interface Consumer extends AsyncDisposable {
  readonly folder: string;
}

/** Copies examples/app to an empty folder, adds the programs of the packages' READMEs, and installs its dependencies. */
export async function createConsumer(packages: readonly PackedPackage[]): Promise<Consumer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-consumer-'));
  await cp(path.join(repositoryRoot, 'examples/app'), folder, { recursive: true, filter: isSource });
  await cp(FIXTURES, folder, { recursive: true });
  for (const name of ['client', 'worker']) await writeReadmeProgram(folder, name);
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  const tarballs = packages.filter(({ definition }) => isLibrary(definition)).map(({ tarball }) => tarball);
  await runCommand('npm', ['install', ...flags, ...tarballs], { cwd: folder, timeoutMs: 300_000 });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

function isSource(file: string): boolean {
  return !/\/(?:node_modules|dist|package-lock\.json)$/u.test(file);
}

/** The code of a README is run as it stands, and compiled as a part of the project. */
async function writeReadmeProgram(folder: string, name: string): Promise<void> {
  const page = await readFile(path.join(repositoryRoot, 'libs', name, 'README.md'), 'utf8');
  const blocks = fencedBlocks(page).filter(({ language }) => language === 'ts');
  const program = blocks.map(({ text }) => `${text}\n`).join('\n');
  await writeFile(path.join(folder, `${name}.mjs`), program);
  await writeFile(path.join(folder, 'src', `${name}Readme.ts`), program);
}
