import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The files under the folder, by their name there, in which the text stands, also compressed; some go while one looks. */
export async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (bytes.includes(text) || unpacked(file, bytes).includes(text)) found.push(path.relative(folder, file));
  }
  return found;
}

function unpacked(file: string, bytes: Buffer): Buffer {
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}
