import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { linkPackages } from './linkPackages.ts';

/** The last commit before workers announced their types: what 0.1.0 users run. */
const COMMIT = '314968cafb961a5a04d4518483491f63250e29f1';
const PARTS = ['apps', 'libs', 'migrations', 'package.json'];

/**
 * Unpacks the sources of the earlier release from the history of this clone into `.data/cache`, and links the installed
 * packages to them; its own packages are found among its sources.
 *
 * @returns its root folder.
 * @throws Error when the clone is shallow and does not have the commit.
 */
export async function earlierRelease(): Promise<string> {
  const parent = path.join(repositoryRoot, '.data/cache/releases');
  const lock = await readFile(path.join(repositoryRoot, 'package-lock.json'));
  const installed = createHash('sha256').update(lock).digest('hex').slice(0, 8);
  const folder = path.join(parent, `${COMMIT.slice(0, 7)}-${installed}`);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(path.join(parent, 'new-'));
  await unpack(scratch);
  await linkPackages(scratch);
  await rename(scratch, folder).catch(async (cause: unknown) => {
    await rm(scratch, { recursive: true });
    if (!existsSync(folder)) throw cause; // else another run was faster
  });
  return folder;
}

async function unpack(folder: string): Promise<void> {
  const archive = path.join(folder, 'sources.tar');
  try {
    const args = ['archive', '--format=tar', `--output=${archive}`, COMMIT, ...PARTS];
    await runCommand('git', args, { cwd: repositoryRoot });
  } catch (cause) {
    throw new Error(`this clone does not have the commit ${COMMIT}: run git fetch --unshallow`, { cause });
  }
  await runCommand('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
}
