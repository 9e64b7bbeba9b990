import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Makes an API key as an operator does. */
export async function createApiKey(databaseUrl: string, scopes: string): Promise<string> {
  const words = ['tools/keys.ts', 'create', '--name', 'test', '--scopes', scopes];
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root, env });
  return stdout.trim();
}
