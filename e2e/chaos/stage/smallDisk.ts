import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CHUNK = Buffer.alloc(256 * 1024);

/** A file system of its own that can be filled to the last byte. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** Mounts a small file system in memory on the folder. Needs the rights of root. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  const ballast = path.join(folder, 'ballast');
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  return {
    folder,
    fill: () => fill(ballast),
    free: () => rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', ['--lazy', folder]);
    },
  };
}

async function fill(file: string): Promise<void> {
  const ballast = await open(file, 'a');
  try {
    for (let size = CHUNK.length; size >= 512;) {
      const written = await ballast.write(CHUNK, 0, size).catch(diskFull);
      if (written === undefined) size /= 2;
    }
  } finally {
    await ballast.close();
  }
}

function diskFull(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
}
