import type { Dirent } from 'node:fs';
import { lstat, mkdir, readdir, statfs } from 'node:fs/promises';
import path from 'node:path';

const MIB = 1024 ** 2;
/** The part of the disk that stays free: the server's indexes, which it does not count, and other programs need it. */
const RESERVED_SHARE = 0.1;
const MAX_RESERVE_BYTES = 512 * MIB;
const BLOCK_BYTES = 512;

/** The disk of a nats-server, in bytes. */
export interface StoreDisk {
  /** The size of the file system. */
  readonly size: number;
  /** What this user may still write. */
  readonly free: number;
  /** What stays free: a tenth of the disk, at most 512 MiB. */
  readonly reserve: number;
  /** What the server's own files take. */
  readonly own: number;
}

/** Measures the disk of a store; creates its folder if it is missing. */
export async function measureDisk(storeDir: string): Promise<StoreDisk> {
  await mkdir(storeDir, { recursive: true });
  const { bsize, blocks, bavail } = await statfs(storeDir);
  const size = blocks * bsize;
  const reserve = Math.floor(Math.min(size * RESERVED_SHARE, MAX_RESERVE_BYTES));
  return { size, free: bavail * bsize, reserve, own: await bytesUnder(storeDir) };
}

/**
 * Returns `max_file_store` for the server: what it has, and what is free, without the reserve. The default of
 * nats-server, three quarters of what is free at its start, leaves out what the server has itself: a log on a disk that is
 * nearly full would be closed by a restart.
 */
export function fileStoreLimit({ own, free, reserve }: StoreDisk): number {
  return Math.max(1, own + free - reserve);
}

/** The bytes that the files of a folder take on the disk; what is removed meanwhile counts as nothing. */
async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])) {
    const found = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesUnder(found);
    else if (entry.isFile()) bytes += ((await lstat(found).catch(() => undefined))?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}
