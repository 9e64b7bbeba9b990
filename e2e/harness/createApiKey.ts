import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryRoot } from '@jobstream/servers';

/** Makes an API key as an operator does. */
export async function createApiKey(databaseUrl: string, scopes: string): Promise<string> {
  const words = ['tools/keys.ts', 'create', '--name', 'test', '--scopes', scopes];
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: repositoryRoot, env });
  return stdout.trim();
}
