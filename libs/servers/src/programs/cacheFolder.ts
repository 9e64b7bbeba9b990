import { accessSync, constants, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { repositoryRoot } from '../process/programFile.ts';

/** Returns the folder for downloaded programs: shared by all clones if the home folder is writable, else in this clone. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = candidates(env).find(isWritableFolder);
  if (folder === undefined) throw new Error(`No writable cache folder: set XDG_CACHE_HOME to one.`);
  return folder;
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const home = env['HOME'] ?? homeOfUser();
  const shared = env['XDG_CACHE_HOME'] || (home && path.join(home, '.cache'));
  const local = path.join(repositoryRoot, '.data', 'cache');
  return shared ? [path.join(shared, 'jobstream'), local] : [local];
}

function homeOfUser(): string | undefined {
  try {
    return os.homedir();
  } catch {
    return undefined; // a user id without an entry in /etc/passwd
  }
}

function isWritableFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Calls `make` to create a program in a scratch folder, and renames it to `<cache>/bin/<name>`, so that concurrent
 * processes never see a partial file.
 */
export async function keepInCache(
  cache: string,
  nameOf: (binary: string) => Promise<string>,
  make: (scratch: string) => Promise<string>,
): Promise<string> {
  const bin = path.join(cache, 'bin');
  await mkdir(bin, { recursive: true });
  const scratch = await mkdtemp(path.join(cache, 'fetch-'));
  try {
    const made = await make(scratch);
    await chmod(made, 0o755);
    const kept = path.join(bin, await nameOf(made));
    await rename(made, kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
