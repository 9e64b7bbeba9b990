import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOP_UP_MS = 20;
const CHUNK = Buffer.alloc(256 * 1024);

/** A file system of its own that can be filled to the last byte. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Leaves no room until `free`, also when room is given back meanwhile. */
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** Mounts a small file system in memory on the folder. Needs the rights of root. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  const ballast = path.join(folder, 'ballast');
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  let topUp: ReturnType<typeof keepFull> | undefined;
  return {
    folder,
    async fill() {
      await fill(ballast);
      topUp = keepFull(ballast);
    },
    async free() {
      await topUp?.stop();
      await rm(ballast, { force: true });
    },
    async [Symbol.asyncDispose]() {
      await topUp?.stop();
      await run('umount', ['--lazy', folder]);
    },
  };
}

/** The server removes files of its own, and would live on what they leave. */
function keepFull(file: string): { stop(): Promise<void> } {
  const stop = new AbortController();
  const filling = (async () => {
    while (!stop.signal.aborted) {
      await pause(TOP_UP_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      await fill(file);
    }
  })();
  return {
    stop() {
      stop.abort();
      return filling;
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
