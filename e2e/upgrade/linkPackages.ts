import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

/**
 * Links what is installed in this repository, at the root and for each package, to a copy of its sources in another folder;
 * its own packages are found among those sources.
 */
export async function linkPackages(folder: string): Promise<void> {
  await linkAll(repositoryRoot, folder);
  for (const kind of ['apps', 'libs']) {
    for (const name of await readdir(path.join(folder, kind))) {
      await linkAll(path.join(repositoryRoot, kind, name), path.join(folder, kind, name));
      const own = path.join(folder, 'node_modules/@jobstream', name);
      if (kind === 'libs') await symlink(path.join('../../libs', name), own);
    }
  }
}

async function linkAll(from: string, to: string): Promise<void> {
  const installed = path.join(from, 'node_modules');
  if (!existsSync(installed)) return;
  const links = path.join(to, 'node_modules');
  await mkdir(path.join(links, '@jobstream'), { recursive: true });
  const names = (await readdir(installed)).filter((name) => name !== '@jobstream');
  for (const name of names) await symlink(path.relative(links, path.join(installed, name)), path.join(links, name));
}
