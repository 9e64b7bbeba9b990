import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, runCommand, unpackAptPackage } from '@jobstream/servers';

export interface RedisBinary {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The program, which Debian packs as one with the checker of its files, and the libraries it does not share with all. */
const PACKAGES = ['redis-tools', 'libjemalloc2', 'liblzf1'];

/** A Redis server: `REDIS_SERVER`, the one on the PATH, or the distribution's package in our cache, without root. */
export async function redisBinary(): Promise<RedisBinary> {
  const given = process.env['REDIS_SERVER'] ?? (await onPath());
  if (given !== undefined) return { command: given, env: process.env };
  const folder = await unpackedRedis();
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu'].map((place) => path.join(folder, place));
  return {
    command: path.join(folder, 'redis-server'),
    env: { ...process.env, LD_LIBRARY_PATH: libraries.join(path.delimiter) },
  };
}

async function onPath(): Promise<string | undefined> {
  return runCommand('redis-server', ['--version']).then(
    () => 'redis-server',
    () => undefined,
  );
}

async function unpackedRedis(): Promise<string> {
  const kept = path.join(cacheFolder(), 'redis');
  if (existsSync(path.join(kept, 'redis-server'))) return kept;
  await mkdir(path.dirname(kept), { recursive: true });
  const scratch = await mkdtemp(`${kept}-`);
  try {
    for (const name of PACKAGES) await unpackAptPackage(name, scratch);
    await symlink('usr/bin/redis-check-rdb', path.join(scratch, 'redis-server'));
    await rename(scratch, kept);
  } catch (cause) {
    await rm(scratch, { recursive: true, force: true });
    throw new Error('install redis-server, or set REDIS_SERVER to one', { cause });
  }
  return kept;
}
