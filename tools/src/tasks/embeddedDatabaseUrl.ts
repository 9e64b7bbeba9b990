import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { superuser } from '@jobstream/servers';

const PORT_LINE = 3;

/** The address of the database that `npm start` runs on this data folder at present, or undefined if it does not run. */
export async function embeddedDatabaseUrl(dataDir: string): Promise<string | undefined> {
  const home = path.join(dataDir, 'postgres');
  try {
    const lock = await readFile(path.join(home, 'data', 'postmaster.pid'), 'utf8');
    const port = Number(lock.split('\n')[PORT_LINE]);
    const password = await readFile(path.join(home, 'password'), 'utf8');
    return port > 0 ? `postgres://${superuser}:${password}@127.0.0.1:${port}/jobstream` : undefined;
  } catch {
    return undefined;
  }
}
