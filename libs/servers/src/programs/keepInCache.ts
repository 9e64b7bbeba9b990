import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Lets `make` produce a program in a scratch folder and moves it to `<cache>/bin/<name>`. The move is a rename, so
 * that two processes that fetch at once never see a half-written file.
 */
export async function keepInCache(
  cache: string,
  nameOf: (binary: string) => Promise<string>,
  make: (scratch: string) => Promise<string>,
): Promise<string> {
  const bin = path.join(cache, 'bin');
  await mkdir(bin, { recursive: true });
  const scratch = await mkdtemp(path.join(cache, 'fetch-'));
  try {
    const made = await make(scratch);
    await chmod(made, 0o755);
    const kept = path.join(bin, await nameOf(made));
    await rename(made, kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
