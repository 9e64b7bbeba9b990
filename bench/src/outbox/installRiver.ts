import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import { Client } from 'pg';

const MODULE = 'github.com/riverqueue/river/riverdriver/riverpgxv5@v0.51.2';

/** Makes River's tables by the migrations in its Go module; false where there is no Go to download it. */
export async function installRiver(databaseUrl: string): Promise<boolean> {
  const downloaded = await runCommand('go', ['mod', 'download', '-json', MODULE], { cwd: '/' }).catch(() => undefined);
  if (downloaded === undefined) return false;
  const { Dir: folder } = JSON.parse(downloaded) as { Dir: string };
  await runMigrations(databaseUrl, path.join(folder, 'migration', 'main'));
  return true;
}

async function runMigrations(databaseUrl: string, folder: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const files = (await readdir(folder)).filter((file) => file.endsWith('.up.sql')).toSorted();
  for (const file of files) await client.query(await readFile(path.join(folder, file), 'utf8'));
  await client.end();
}
