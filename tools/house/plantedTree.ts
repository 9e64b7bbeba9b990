import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync, globSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

const MANIFESTS = ['package.json', '{apps,libs}/*/package.json', '{tools,e2e,bench}/package.json'];
const SETTINGS = [
  '.dependency-cruiser.mjs',
  'knip.jsonc',
  'package-lock.json',
  'tsconfig.json',
  'tools/house/rooms.json',
];

/**
 * Makes a folder that looks like the repository to the checks (its manifests, its settings, packages that can be
 * resolved) but holds only the given files, each path with its text; violations are planted here.
 */
export async function plantTree(files: Readonly<Record<string, string>>): Promise<string> {
  const tree = await mkdtemp(path.join(os.tmpdir(), 'jobstream-planted-'));
  const manifests = globSync(MANIFESTS, { cwd: root });
  for (const file of [...manifests, ...SETTINGS])
    await cp(path.join(root, file), path.join(tree, file), { recursive: true });
  await linkPackages(tree, manifests);
  const indexes = manifests.map((file) => path.join(path.dirname(file), 'src', 'index.ts'));
  const texts = { ...Object.fromEntries(indexes.map((file) => [file, 'export const planted = 1;\n'])), ...files };
  for (const [file, text] of Object.entries(texts)) {
    await mkdir(path.dirname(path.join(tree, file)), { recursive: true });
    await writeFile(path.join(tree, file), text);
  }
  return tree;
}

export function removeTree(tree: string): Promise<void> {
  return rm(tree, { recursive: true, force: true });
}

/** The packages of the registry are the real ones; those of the workspace are the tree's own. */
async function linkPackages(tree: string, manifests: readonly string[]): Promise<void> {
  const modules = path.join(tree, 'node_modules');
  await mkdir(path.join(modules, '@jobstream'), { recursive: true });
  for (const name of await readdir(path.join(root, 'node_modules'))) {
    if (name !== '@jobstream') await symlink(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  for (const file of manifests) {
    const folder = path.dirname(file);
    const { name } = JSON.parse(await readFile(path.join(tree, file), 'utf8')) as { name: string };
    if (folder === '.') continue;
    await symlink(path.join(tree, folder), path.join(modules, name));
    const ofItsOwn = path.join(root, folder, 'node_modules');
    if (existsSync(ofItsOwn)) await symlink(ofItsOwn, path.join(tree, folder, 'node_modules'));
  }
}
