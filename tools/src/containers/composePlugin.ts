import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { unpackAptPackage } from '@jobstream/servers';

/** The first Debian release with Compose 2, whose program runs on older ones, too. */
const SUITE = 'trixie';
const IN_PACKAGE = 'usr/libexec/docker/cli-plugins/docker-compose';

/** A folder for `DOCKER_CONFIG` in which `docker compose` is there, from Debian's package, without installing it. */
export async function composePlugin(cache: string, note: (line: string) => void): Promise<string> {
  const config = path.join(cache, 'docker-config');
  const plugin = path.join(config, 'cli-plugins', 'docker-compose');
  if (existsSync(plugin)) return config;
  note('fetching Compose (once, some seconds)');
  await mkdir(path.dirname(plugin), { recursive: true });
  const scratch = await mkdtemp(path.join(cache, 'fetch-'));
  try {
    await unpackAptPackage('docker-compose', scratch, SUITE);
    await rename(path.join(scratch, IN_PACKAGE), plugin);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return config;
}
