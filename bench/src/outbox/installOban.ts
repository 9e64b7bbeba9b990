import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import { Client } from 'pg';

const VERSION = '0.7.0';

/** Makes Oban's tables by the SQL in its package for Python; false where there is no pip to download it. */
export async function installOban(databaseUrl: string): Promise<boolean> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-oban-'));
  try {
    const args = ['-m', 'pip', 'download', `oban==${VERSION}`, '--no-deps', '--python-version', '3.12'];
    await runCommand('python3', [...args, '--only-binary=:all:', '--dest', folder], { cwd: folder, timeoutMs: 60_000 });
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl')) ?? '';
    await runCommand('python3', ['-m', 'zipfile', '-e', wheel, 'package'], { cwd: folder });
    await runSql(databaseUrl, await readFile(path.join(folder, 'package/oban/queries/install.sql'), 'utf8'));
    return true;
  } catch (error) {
    console.error(String(error));
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runSql(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}
