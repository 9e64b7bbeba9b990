import type { Dirent } from 'node:fs';
import { lstat, mkdir, readdir, statfs } from 'node:fs/promises';
import path from 'node:path';

const MIB = 1024 ** 2;
/** The part of the disk that stays free, for other programs. */
const RESERVED_SHARE = 0.1;
const MAX_RESERVE_BYTES = 512 * MIB;
/** Of what is free beyond the reserve: the rest is for the server's indexes, which its limit does not count. */
const SHARE_FOR_MESSAGES = 0.9;
const BLOCK_BYTES = 512;
/** The files in which the server stores messages. */
const MESSAGES = '.blk';

/** The disk of a nats-server, in bytes. */
export interface StoreDisk {
  /** What this user may still write. */
  readonly free: number;
  /** What stays free: a tenth of the disk, at most 512 MiB. */
  readonly reserve: number;
  /** What the server's messages take. */
  readonly own: number;
}

/** Measures the disk of a store; creates its folder if it is missing. */
export async function measureDisk(storeDir: string): Promise<StoreDisk> {
  await mkdir(storeDir, { recursive: true });
  const [{ bsize, blocks, bavail }, own] = await Promise.all([statfs(storeDir), messageBytes(storeDir)]);
  const reserve = Math.floor(Math.min(blocks * bsize * RESERVED_SHARE, MAX_RESERVE_BYTES));
  return { free: bavail * bsize, reserve, own };
}

/**
 * Returns `max_file_store` for the server: what it has, and nine tenths of what is free beyond the reserve. The default of
 * nats-server, three quarters of what is free at its start, leaves out what the server has itself: a log on a disk that is
 * nearly full would be closed by a restart.
 */
export function fileStoreLimit({ own, free, reserve }: StoreDisk): number {
  const room = free - reserve;
  return Math.max(1, Math.floor(own + (room > 0 ? room * SHARE_FOR_MESSAGES : room)));
}

/** The bytes that messages take on the disk; what is removed meanwhile counts as nothing. */
async function messageBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])) {
    const found = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await messageBytes(found);
    else if (entry.isFile() && entry.name.endsWith(MESSAGES)) bytes += await bytesOf(found);
  }
  return bytes;
}

async function bytesOf(file: string): Promise<number> {
  const found = await lstat(file).catch(() => undefined);
  return (found?.blocks ?? 0) * BLOCK_BYTES;
}
