import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

/**
 * Returns the `version` of the nearest package.json above a program that has one; undefined if there is none, or if the program lies in
 * a `node_modules`, as a test runner does, whose version says nothing about the handlers.
 */
export function programVersion(program: string | undefined): string | undefined {
  const file = program === undefined ? undefined : realPath(program);
  if (file === undefined || file.split(path.sep).includes('node_modules')) return undefined;
  return nearestVersion(path.dirname(file));
}

function nearestVersion(folder: string): string | undefined {
  const version = versionIn(path.join(folder, 'package.json'));
  const parent = path.dirname(folder);
  return version !== undefined || parent === folder ? version : nearestVersion(parent);
}

/** Undefined for a file without one, and for one that cannot be read: a worker does without. */
function versionIn(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' && version !== '' ? version : undefined;
  } catch {
    return undefined;
  }
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
