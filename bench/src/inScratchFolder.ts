import { rm } from 'node:fs/promises';
import { guardOfThisProcess, scratchDataFolder } from '@jobstream/test-support';

/** Does some work with an empty folder that goes afterwards, also when this process dies. */
export async function inScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await scratchDataFolder('bench');
  guardOfThisProcess().remove(folder);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
