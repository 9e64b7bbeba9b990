import { readFile, statfs } from 'node:fs/promises';

/** The file system in memory that every Linux provides. */
const SHARED_MEMORY = '/dev/shm';
/** All databases and streams of a run need 3 GB at most; in containers there may be as little as 64 MB. */
const ROOM_BYTES = 8 * 1024 ** 3;

/**
 * Returns a folder in memory for what the tests store, or nothing if the machine has not plenty of memory.
 *
 * The servers of the tests sync each write to disk, because a server that is killed must not lose what it has
 * acknowledged. No test cuts the power, so a file system without a disk proves the same with less work.
 */
export async function memoryFolder(folder = SHARED_MEMORY): Promise<string | undefined> {
  const [mounts, room] = await Promise.all([
    readFile('/proc/mounts', 'utf8').catch(() => ''),
    statfs(folder).catch(() => undefined),
  ]);
  const options = mounts
    .split('\n')
    .find((line) => line.split(' ')[1] === folder)
    ?.split(' ')[3];
  // Some tests run programs that they write.
  if (room === undefined || options === undefined || options.split(',').includes('noexec')) return undefined;
  return Math.min(room.bavail * room.bsize, process.availableMemory()) >= ROOM_BYTES ? folder : undefined;
}
