import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { isLoopback } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';

/**
 * The key to show to an API: `API_KEY`, or for an API on this machine the one that `npm run env` has written. A key of
 * that file is sent nowhere else.
 */
export function keyFor(
  apiUrl: string,
  env: NodeJS.ProcessEnv,
  envFile = path.join(repositoryRoot, '.env'),
): string | undefined {
  if (env['API_KEY']) return env['API_KEY'];
  const isLocal = isLoopback(new URL(apiUrl).hostname);
  if (!isLocal || !existsSync(envFile)) return undefined;
  return parseEnv(readFileSync(envFile, 'utf8'))['API_KEY'] || undefined;
}
