import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Postgres keeps these files and writes them again, so that their size says nothing about what it has to keep. */
const REUSED = 'pg_wal';
const BLOCK = 512;

/** Bytes that the files of a folder take on the disk. */
export async function keptBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries
    .filter(({ name }) => name !== REUSED)
    .map((entry) => {
      const place = path.join(folder, entry.name);
      return entry.isDirectory() ? keptBytes(place) : blocksOf(place);
    });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

async function blocksOf(file: string): Promise<number> {
  try {
    return (await stat(file)).blocks * BLOCK;
  } catch {
    return 0; // its server has removed it
  }
}
