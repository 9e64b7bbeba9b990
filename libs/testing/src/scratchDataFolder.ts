import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * A fresh folder for the data of servers, which its user deletes. Others can get in: run by root, Postgres has another
 * account, and would have its data elsewhere, where nobody deletes them.
 */
export async function scratchDataFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `jobstream-${name}-`));
  await chmod(folder, 0o755);
  return folder;
}
