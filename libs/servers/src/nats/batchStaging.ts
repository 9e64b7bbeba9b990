import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, realpath, rm, rmdir, statfs, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A file system in memory that every Linux has. */
const SHARED_MEMORY = '/dev/shm';
/** More than all batches that can be open at once usually need; in containers there may be as little as 64 MB. */
const ROOM_BYTES = 256 * 1024 * 1024;
const TRIES = 200;
const PAUSE_MS = 5;

/**
 * Lets a nats-server stage the atomic batches of a stream in memory instead of on its disk, by a link in the stream's own
 * folder, which is made before the stream where there is none yet. False where that cannot be: the server then stages
 * on its disk, which is slower and otherwise the same.
 *
 * To be called each time the server has started, since it removes the link when it recovers the stream. What a killed
 * server had staged is still there for it, unless the machine went down as well.
 */
export async function stageBatchesInMemory(streamFolder: string, memory = SHARED_MEMORY): Promise<boolean> {
  if (!(await hasRoomInMemory(memory))) return false;
  await mkdir(streamFolder, { recursive: true });
  const link = path.join(streamFolder, 'batches');
  const target = await ownFolder(memory, await realpath(streamFolder));
  if (target === undefined) return false;
  if ((await targetOf(link)) === target) return true;
  await emptyFolder(target);
  for (let tries = 0; tries < TRIES; tries++) {
    if (await replaceByLink(link, target)) return true;
    await pause(PAUSE_MS);
  }
  return false;
}

/** To be called when the server has been told to stop and has ended: what is staged then belongs to batches that are never committed. */
export async function unstage(streamFolder: string): Promise<void> {
  const link = path.join(streamFolder, 'batches');
  const target = await targetOf(link);
  if (target === undefined) return;
  await rm(link);
  await rm(target, { recursive: true, force: true });
}

/** Whether there is such a file system here, and one that is not tiny. */
export async function hasRoomInMemory(memory = SHARED_MEMORY): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}

/** A folder that no other user can read, the same for a stream at every start; undefined if another user has it. */
async function ownFolder(memory: string, streamFolder: string): Promise<string | undefined> {
  const name = createHash('sha256').update(streamFolder).digest('hex').slice(0, 16);
  const folder = path.join(memory, `jobstream-${name}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    const isOwn = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
    return isOwn ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function emptyFolder(folder: string): Promise<void> {
  for (const left of await readdir(folder)) await rm(path.join(folder, left), { recursive: true, force: true });
}

/** False as long as the folder that the link replaces has a batch in it. */
async function replaceByLink(link: string, target: string): Promise<boolean> {
  try {
    if ((await targetOf(link)) === undefined) await rmdir(link).catch(unlessCode('ENOENT'));
    else await rm(link);
    await symlink(target, link);
    return true;
  } catch (error) {
    unlessCode('ENOTEMPTY', 'EEXIST')(error);
    return false;
  }
}

function unlessCode(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && 'code' in error && codes.includes(String(error.code)))) throw error;
  };
}

/** Where a link leads; undefined if it is none. */
async function targetOf(link: string): Promise<string | undefined> {
  return readlink(link).catch(() => undefined);
}
