import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, realpath, rm, rmdir, statfs, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The file system in memory that every Linux provides. */
const SHARED_MEMORY = '/dev/shm';
/** More than all batches that can be open at once usually need; in containers there may be as little as 64 MB. */
const ROOM_BYTES = 256 * 1024 * 1024;
const TRIES = 200;
const PAUSE_MS = 5;

/**
 * Makes a nats-server stage the atomic batches of a stream in memory instead of on its disk, by a link in the stream's
 * folder. The folder is created if the stream does not exist yet.
 *
 * Call it after each start of the server, which removes the link when it recovers the stream. Batches that a killed
 * server had staged survive a restart of the server, but not of the machine.
 *
 * @param streamFolder the folder in which the server stores the stream.
 * @returns false where no folder in memory can be used; the server then stages on its disk, which is slower.
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

/** Removes the staging folder. Call it after an orderly stop of the server: what is still staged is never committed. */
export async function unstage(streamFolder: string): Promise<void> {
  const link = path.join(streamFolder, 'batches');
  const target = await targetOf(link);
  if (target === undefined) return;
  await rm(link);
  await rm(target, { recursive: true, force: true });
}

/** Returns whether this machine has a file system in memory with at least 256 MB free. */
export async function hasRoomInMemory(memory = SHARED_MEMORY): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}

/** Returns a folder that no other user can read, the same for a stream at every start; undefined if another user owns it. */
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

/** Returns false while the folder that the link replaces contains a batch. */
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

/** Returns the target of a link; undefined if the path is not a link. */
async function targetOf(link: string): Promise<string | undefined> {
  return readlink(link).catch(() => undefined);
}
