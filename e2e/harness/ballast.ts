import { open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const TOP_UP_MS = 20;
const CHUNK = Buffer.alloc(256 * 1024);

/** A file that takes the room of a disk. */
export interface Ballast {
  /** Leaves no room until `free`, also when room is given back meanwhile. */
  fill(): Promise<void>;
  /** Leaves about as many bytes free, once. */
  leave(bytes: number): Promise<void>;
  free(): Promise<void>;
}

/** Keeps the ballast of the disk that is mounted in this folder. */
export function ballastIn(folder: string): Ballast {
  const file = path.join(folder, 'ballast');
  let topUp: ReturnType<typeof keepFull> | undefined;
  return {
    async fill() {
      await append(file, Infinity);
      topUp = keepFull(file);
    },
    async leave(bytes) {
      const { bavail, bsize } = await statfs(folder);
      await append(file, bavail * bsize - bytes);
    },
    async free() {
      await topUp?.stop();
      topUp = undefined;
      await rm(file, { force: true });
    },
  };
}

/** The server removes files of its own, and would live on what they leave. */
function keepFull(file: string): { stop(): Promise<void> } {
  const stop = new AbortController();
  const filling = (async () => {
    while (!stop.signal.aborted) {
      await pause(TOP_UP_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      await append(file, Infinity);
    }
  })();
  return {
    stop() {
      stop.abort();
      return filling;
    },
  };
}

/** Writes as many bytes as are wanted and the disk takes. */
async function append(file: string, bytes: number): Promise<void> {
  const ballast = await open(file, 'a');
  try {
    let left = bytes;
    for (let size = CHUNK.length; size >= 512 && left > 0;) {
      const written = await ballast.write(CHUNK, 0, Math.min(size, left)).catch(diskFull);
      if (written === undefined) size /= 2;
      left -= written?.bytesWritten ?? 0;
    }
  } finally {
    await ballast.close();
  }
}

function diskFull(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
}
