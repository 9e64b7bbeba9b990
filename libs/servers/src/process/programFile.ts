import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * The root of the repository; in the published package, which has the same folders with bundles instead of sources, that
 * of the package. Both are known by their folder `migrations`.
 */
export const repositoryRoot = rootAbove(import.meta.dirname) ?? path.resolve(import.meta.dirname, '../../../..');

function rootAbove(folder: string): string | undefined {
  if (existsSync(path.join(folder, 'migrations'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : rootAbove(parent);
}

/** Returns the file of a program by its path in the repository, without its ending: its source, or its bundle. */
export function programFile(name: string): string {
  const [source, bundle] = ['.ts', '.mjs'].map((ending) => path.join(repositoryRoot, `${name}${ending}`));
  return source !== undefined && existsSync(source) ? source : (bundle ?? '');
}
