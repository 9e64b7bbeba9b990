import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.ts';
import { unpackAptPackage } from './aptPackage.ts';

const LIBRARY = 'libfaketime.so.1';

/**
 * Finds or fetches libfaketime, a library that gives a process another wall clock: Debian's package, unpacked into the
 * cache once.
 *
 * @returns the path of the library, for `LD_PRELOAD`.
 * @throws Error when apt is not installed or the package cannot be had.
 */
export async function resolveFaketime(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = path.join(cacheFolder(env), 'faketime');
  const kept = path.join(folder, LIBRARY);
  if (existsSync(kept)) return kept;
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(path.join(folder, 'fetch-'));
  try {
    await unpackAptPackage('libfaketime', scratch);
    const files = await readdir(scratch, { recursive: true });
    const library = files.find((file) => path.basename(file) === LIBRARY);
    if (library === undefined) throw new Error(`the package contains no ${LIBRARY}`);
    await rename(path.join(scratch, library), kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
