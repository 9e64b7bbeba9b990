import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * Creates a folder for the data of servers, which the caller deletes. All accounts can enter it: started by root,
 * Postgres uses another account and would otherwise store its data elsewhere.
 */
export async function scratchDataFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `jobstream-${name}-`));
  await chmod(folder, 0o755);
  return folder;
}
