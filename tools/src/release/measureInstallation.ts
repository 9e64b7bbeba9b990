import { lstat, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import type { PackedPackage } from './packPackage.ts';

/** What `npm install` of a package puts on the disk. */
export interface Installation {
  /** Names of the installed packages, itself included. */
  readonly packages: readonly string[];
  /** Bytes of all their files. */
  readonly bytes: number;
}

interface InstalledTree {
  readonly packages: Readonly<Record<string, object>>;
}

/** Installs a package from its tarball, and those of ours that it needs from theirs, into an empty folder. */
export async function measureInstallation(packed: PackedPackage, all: readonly PackedPackage[]): Promise<Installation> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-install-'));
  try {
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
    await installTarballs(folder, [packed, ...neededOf(packed, all)]);
    const modules = path.join(folder, 'node_modules');
    const tree = JSON.parse(await readFile(path.join(modules, '.package-lock.json'), 'utf8')) as InstalledTree;
    const packages = Object.keys(tree.packages).map((place) => place.replace(/^.*node_modules\//u, ''));
    const sizes = await Promise.all(Object.keys(tree.packages).map((place) => bytesBelow(path.join(folder, place))));
    return { packages, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Installs packages from their tarballs into a folder that has a package.json, together with `others`, e.g. `zod@4`. */
async function installTarballs(
  folder: string,
  packed: readonly PackedPackage[],
  others: readonly string[] = [],
): Promise<void> {
  const tarballs = packed.map(({ tarball }) => tarball);
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  await runCommand('npm', ['install', ...flags, ...tarballs, ...others], { cwd: folder, timeoutMs: 300_000 });
}

/** Our own packages that a package depends on; no registry has this version of them yet. */
function neededOf({ dependencies }: PackedPackage, all: readonly PackedPackage[]): readonly PackedPackage[] {
  return all.filter(({ definition }) => Object.hasOwn(dependencies, definition.name));
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const place = path.join(folder, entry.name);
      if (entry.name === 'node_modules') return 0; // these packages are counted for themselves
      return entry.isDirectory() ? bytesBelow(place) : (await lstat(place)).size;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
