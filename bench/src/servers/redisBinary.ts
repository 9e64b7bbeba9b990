import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { aptLibraryPath, keepAptPackages, runCommand } from '@jobstream/servers';

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
  return {
    command: path.join(folder, 'redis-server'),
    env: { ...process.env, LD_LIBRARY_PATH: aptLibraryPath(folder) },
  };
}

async function onPath(): Promise<string | undefined> {
  return runCommand('redis-server', ['--version']).then(
    () => 'redis-server',
    () => undefined,
  );
}

async function unpackedRedis(): Promise<string> {
  try {
    const folder = await keepAptPackages('redis', PACKAGES);
    const server = path.join(folder, 'redis-server');
    if (!existsSync(server)) await symlink('usr/bin/redis-check-rdb', server);
    return folder;
  } catch (cause) {
    throw new Error('install redis-server, or set REDIS_SERVER to one', { cause });
  }
}
