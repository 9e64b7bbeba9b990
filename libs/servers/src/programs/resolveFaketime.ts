import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { keepAptPackages } from './aptPackage.ts';

const LIBRARY = 'libfaketime.so.1';

/**
 * Finds or fetches libfaketime, a library that gives a process another wall clock: Debian's package, unpacked into the
 * cache once.
 *
 * @returns the path of the library, for `LD_PRELOAD`.
 * @throws Error when apt is not installed or the package cannot be had.
 */
export async function resolveFaketime(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = await keepAptPackages('libfaketime', ['libfaketime'], env);
  const files = await readdir(folder, { recursive: true });
  const library = files.find((file) => path.basename(file) === LIBRARY);
  if (library === undefined) throw new Error(`the package contains no ${LIBRARY}`);
  return path.join(folder, library);
}
