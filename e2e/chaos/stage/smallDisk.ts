import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ballastIn, type Ballast } from '../../harness/ballast.ts';

const run = promisify(execFile);

/** A file system of its own that can be filled to the last byte. */
export interface SmallDisk extends Ballast, AsyncDisposable {
  readonly folder: string;
}

/** Mounts a small file system in memory on the folder. Needs the rights of root. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  const ballast = ballastIn(folder);
  return {
    folder,
    ...ballast,
    async [Symbol.asyncDispose]() {
      await ballast.free();
      await run('umount', ['--lazy', folder]);
    },
  };
}
