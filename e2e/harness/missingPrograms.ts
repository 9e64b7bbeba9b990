import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Those of the programs that are not on the PATH, each as one sentence. */
export function missingPrograms(...names: readonly string[]): readonly string[] {
  return names.filter((name) => !isOnPath(name)).map((name) => `${name} is not installed here`);
}

function isOnPath(name: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => isExecutable(path.join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
