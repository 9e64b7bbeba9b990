import { accessSync, constants, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const repositoryRoot = path.resolve(import.meta.dirname, '../../../..');

/** The folder for downloaded programs: shared by all clones when the home folder is writable, else inside this clone. */
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
